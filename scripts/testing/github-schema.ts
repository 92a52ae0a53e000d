// Whether an answer of the API has the shape that GitHub documents for it: the schemas of GitHub Enterprise Server 3.19
// from @octokit/openapi. Loaded at the first question. Worker tests ask it over HTTP (schema-server.ts).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { z } from "zod";

export const shapeQuestionSchema = z.object({
  method: z.string(),
  /** As GitHub's document writes it, such as `/users/{username}`. */
  path: z.string(),
  status: z.number().int(),
  body: z.unknown(),
});
type Question = z.infer<typeof shapeQuestionSchema>;

/**
 * What in `body` isn't as GitHub documents the answer to `method` and `path` with `status`; empty when all is.
 * @throws Error when GitHub documents no such answer, so that a wrong path can't pass for a right shape.
 */
export function findShapeProblems(question: Question): string[] {
  const validate = findValidator(question);
  if (validate(question.body)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    `${instancePath || "/"} ${message ?? "is wrong"} ${JSON.stringify(params)}`.trim(),
  );
}

const inputSchema = z.looseObject({
  parameters: z
    .array(z.looseObject({ name: z.string(), in: z.string(), schema: z.looseObject({}) }))
    .default([]),
  requestBody: z
    .looseObject({
      content: z.looseObject({ "application/json": z.looseObject({ schema: z.looseObject({}) }) }),
    })
    .optional(),
});
interface DocumentedInput {
  /** Schemas by name, their references resolved. */
  queries: Record<string, object>;
  fields: Record<string, object>;
}

/** The query parameters and the fields of the body that GitHub documents of an operation; undefined for one it hasn't got. */
export function findDocumentedInput({
  method,
  path,
}: {
  method: string;
  path: string;
}): DocumentedInput | undefined {
  const operation = loadResolved().paths[path]?.[method];
  if (operation === undefined) return undefined;
  const { parameters, requestBody } = inputSchema.parse(operation);
  const queries = parameters.filter((one) => one.in === "query").map(({ name, schema }) => [name, schema]);
  const body = requestBody?.content["application/json"].schema;
  return { queries: Object.fromEntries(queries), fields: body === undefined ? {} : readFields(body) };
}

const bodySchema = z.looseObject({
  properties: z.record(z.string(), z.looseObject({})).default({}),
  oneOf: z.array(z.looseObject({})).default([]),
  anyOf: z.array(z.looseObject({})).default([]),
});

function readFields(schema: object): Record<string, object> {
  const { properties, oneOf, anyOf } = bodySchema.parse(schema);
  return Object.assign({}, ...[...oneOf, ...anyOf].map(readFields), properties);
}

const DOCUMENT_ID = "https://plue.test/ghes-3.19.json";
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.record(z.string(), z.unknown()),
});
const operationSchema = z.looseObject({ responses: z.record(z.string(), z.unknown()) });

let loaded: { ajv: Ajv; paths: z.infer<typeof documentSchema>["paths"] } | undefined;
const validators = new Map<string, ValidateFunction>();

let resolved: { paths: z.infer<typeof documentSchema>["paths"] } | undefined;

/** With every reference replaced by what it stands for. */
function loadResolved() {
  resolved ??= z
    .looseObject({ paths: documentSchema.shape.paths })
    .parse(readGenerated("ghes-3.19.deref.json"));
  return resolved;
}

function readGenerated(name: string): unknown {
  const file = createRequire(import.meta.url).resolve("@octokit/openapi");
  return JSON.parse(readFileSync(new URL(`generated/${name}`, `file://${file}`), "utf8"));
}

function load() {
  if (loaded !== undefined) return loaded;
  const document = documentSchema.parse(toJsonSchema(readGenerated("ghes-3.19.json")));
  const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false, logger: false });
  addFormats.default(ajv);
  ajv.addSchema({ $id: DOCUMENT_ID, components: document.components });
  loaded = { ajv, paths: document.paths };
  return loaded;
}

function findValidator({ method, path, status }: Question): ValidateFunction {
  const key = `${method.toUpperCase()} ${path} ${status}`;
  const known = validators.get(key);
  if (known !== undefined) return known;
  const { ajv, paths } = load();
  const operation = operationSchema.safeParse(paths[path]?.[method.toLowerCase()]);
  const answer = operation.data?.responses[String(status)];
  if (answer === undefined) throw new Error(`GitHub documents no ${key}`);
  const schema = findBodySchema(answer, ajv);
  if (schema === undefined) throw new Error(`GitHub documents no JSON body for ${key}`);
  const validate = ajv.compile(absoluteRefs(schema));
  validators.set(key, validate);
  return validate;
}

const answerSchema = z.looseObject({
  content: z.looseObject({ "application/json": z.looseObject({ schema: z.looseObject({}) }) }),
});

function findBodySchema(answer: unknown, ajv: Ajv): object | undefined {
  const ref = z.looseObject({ $ref: z.string() }).safeParse(answer);
  const whole = ref.success ? ajv.getSchema(`${DOCUMENT_ID}${ref.data.$ref}`)?.schema : answer;
  return answerSchema.safeParse(whole).data?.content["application/json"].schema;
}

/** OpenAPI 3.0's `nullable` as JSON Schema says it; examples are left out. */
function toJsonSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toJsonSchema);
  if (typeof value !== "object" || value === null) return value;
  const { nullable, example, examples, ...rest } = value as Record<string, unknown>;
  const converted = Object.fromEntries(Object.entries(rest).map(([key, part]) => [key, toJsonSchema(part)]));
  // A property may itself be called so.
  for (const [key, part] of Object.entries({ nullable, example, examples })) {
    if (typeof part === "object" && part !== null && "type" in part) converted[key] = toJsonSchema(part);
  }
  return nullable === true ? { anyOf: [{ type: "null" }, converted] } : converted;
}

/** The document's own references, as seen from outside of it. */
function absoluteRefs(schema: unknown): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', `"$ref":"${DOCUMENT_ID}#/`));
}
