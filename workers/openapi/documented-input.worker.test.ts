// Every parameter and field that GitHub documents for an operation of ours is one that we describe: it works, or it is refused
// by its name (422). None is taken and ignored. Made from the schemas of GitHub Enterprise Server 3.19.
import { beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { type ApiDocument, type DescribedOperation, readDocument } from "../testing/api-document.ts";
import { makeSample } from "../testing/api-operations.ts";
import { type Estate, fillPath, makeEstate } from "../testing/estate.ts";
import { send } from "../testing/fixtures.ts";

const fieldSchema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  "x-unsupported": z.boolean().optional(),
});
type Field = z.infer<typeof fieldSchema>;
const inputSchema = z.object({
  queries: z.record(z.string(), fieldSchema).default({}),
  fields: z.record(z.string(), fieldSchema).default({}),
});

interface Documented {
  path: string;
  method: string;
  operation: DescribedOperation;
  queries: Record<string, Field>;
  fields: Record<string, Field>;
}

let document: ApiDocument;
let estate: Estate;
let documented: Documented[];

beforeAll(async () => {
  document = (await readDocument()).document;
  estate = await makeEstate();
  documented = [];
  for (const [path, methods] of Object.entries(document.paths)) {
    if (!path.startsWith("/v3/")) continue;
    for (const [method, operation] of Object.entries(methods)) {
      const question = JSON.stringify({ method, path: path.slice("/v3".length) });
      const answer = await fetch(`${inject("schemasUrl")}/github-input`, { method: "POST", body: question });
      documented.push({ path, method, operation, ...inputSchema.parse(await answer.json()) });
    }
  }
});

const ownQueries = ({ operation }: Documented): Record<string, Field> =>
  Object.fromEntries(
    (operation.parameters ?? [])
      .filter((one) => one.in === "query")
      .map(({ name, schema }) => [name, fieldSchema.parse(schema)]),
  );

/** Of every form that the body may have. */
function ownFields({ operation }: Documented): Record<string, Field> {
  const schema = operation.requestBody?.content["application/json"]?.schema;
  return schema === undefined ? {} : listFields(schema);
}

function listFields(schema: object): Record<string, Field> {
  const { $ref, properties, anyOf } = z
    .looseObject({
      $ref: z.string().optional(),
      properties: z.record(z.string(), fieldSchema).default({}),
      anyOf: z.array(z.looseObject({})).default([]),
    })
    .parse(schema);
  if ($ref !== undefined) return listFields(document.components.schemas[$ref.split("/").at(-1) ?? ""] ?? {});
  return Object.assign({}, ...anyOf.map(listFields), properties);
}

/** Values that GitHub takes, and that we don't say to take. */
function listUntaken(githubs: Field, own: Field): unknown[] {
  const type = [githubs.type ?? "object"].flat()[0];
  const byType: Record<string, unknown[]> = {
    ...{
      boolean: [true, false],
      string: ["something"],
      integer: [1],
      array: [["something"]],
      object: [{ a: 1 }],
    },
  };
  const taken = own.enum ?? [];
  return (githubs.enum ?? byType[type ?? ""] ?? ["something"]).filter((value) => !taken.includes(value));
}

async function refusedFields(one: Documented, path: string, body?: unknown): Promise<string[]> {
  const answer = await send(`/api${path}`, {
    ...{ method: one.method.toUpperCase(), token: estate.owner.token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.status !== 422) return [`${answer.status}`];
  const { errors } = z.object({ errors: z.array(z.object({ field: z.string() })) }).parse(JSON.parse(text));
  return errors.map(({ field }) => field);
}

describe("what GitHub documents of an operation", () => {
  it("is known of nearly all of ours", () => {
    const input = documented.filter(
      ({ queries, fields }) => Object.keys({ ...queries, ...fields }).length > 0,
    );
    expect(input.length).toBeGreaterThan(45);
  });

  it("is described: no parameter and no field is taken and ignored", () => {
    const missing = documented.flatMap((one) => {
      const [queries, fields] = [ownQueries(one), ownFields(one)];
      return [
        ...Object.keys(one.queries).filter((name) => queries[name] === undefined),
        ...Object.keys(one.fields).filter((name) => fields[name] === undefined),
      ].map((name) => `${one.method} ${one.path}: ${name}`);
    });
    expect(missing).toEqual([]);
  });

  it("is refused by its name where it isn't supported", async () => {
    const taken: string[] = [];
    let asked = 0;
    const note = async (one: Documented, name: string, value: unknown, refused: Promise<string[]>) => {
      asked++;
      const names = await refused;
      if (!names.includes(name)) {
        taken.push(`${one.method} ${one.path}: ${name}=${JSON.stringify(value)} gave ${names}`);
      }
    };
    for (const one of documented) {
      const place = fillPath(estate, one.path);
      const [queries, fields] = [ownQueries(one), ownFields(one)];
      for (const [name, githubs] of Object.entries(one.queries)) {
        const own = queries[name];
        if (own === undefined || !(own["x-unsupported"] || githubs.enum)) continue;
        for (const value of listUntaken(githubs, own)) {
          await note(one, name, value, refusedFields(one, `${place}?${name}=${value}`));
        }
      }
      const schema = one.operation.requestBody?.content["application/json"]?.schema ?? {};
      for (const [name, githubs] of Object.entries(one.fields)) {
        const own = fields[name];
        if (own?.["x-unsupported"] !== true) continue;
        for (const value of listUntaken(githubs, own)) {
          const sample = makeSample(resolve(schema));
          const body = { ...(typeof sample === "object" ? sample : {}), [name]: value };
          await note(one, name, value, refusedFields(one, place, body));
        }
      }
    }
    expect(taken).toEqual([]);
    expect(asked).toBeGreaterThan(100);
  });
});

function resolve(schema: Record<string, unknown>): Record<string, unknown> {
  const { $ref } = schema;
  return typeof $ref === "string"
    ? (document.components.schemas[$ref.split("/").at(-1) ?? ""] ?? {})
    : schema;
}
