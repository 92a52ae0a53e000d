// Requests to an operation of the API as its document describes it, for tests of properties: most fit, some are at a limit or
// past it, some are nothing that anybody should send.
import * as fc from "fast-check";
import type { ApiDocument, DescribedOperation } from "./api-document.ts";

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  format?: string;
  pattern?: string;
}

export interface ArbitraryRequest {
  caller: string;
  /** Each of `{…}` in the path by name; undefined for what is there. */
  params: Record<string, string | undefined>;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: string | undefined;
}

/** What no field expects. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0.5, 1e300, 2 ** 53, "", " ", "\0", "\ud800", [], {}, [[]]),
  fc.constantFrom<unknown>("a/../b", "..", "%2F", "x".repeat(70_000), "🦆\u202e\u2028", { __proto__: null }),
  fc.jsonValue({ maxDepth: 2 }),
);

// An address can hold no lone surrogate, nor can a path be "." or "..": such a request wouldn't be this one.
const wildText = fc
  .oneof(
    fc.constantFrom(
      "0",
      "-1",
      "9007199254740992",
      "1e3",
      "\0",
      "%",
      "%zz",
      "a b",
      "é",
      "🦆",
      "a\nb",
      "..%2f",
    ),
    fc.constantFrom("x".repeat(300), "main", "HEAD", "refs/heads/main", "admin", "null", "[object Object]"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 12 }),
  )
  .filter((text) => text.isWellFormed() && text !== "." && text !== "..");

/** @param known texts that name something that is there */
export function arbitraryRequest(
  document: ApiDocument,
  operation: DescribedOperation,
  { callers, known }: { callers: readonly string[]; known: readonly string[] },
): fc.Arbitrary<ArbitraryRequest> {
  const fits = (schema: Schema) => fitting(schema, { document, known }, 0);
  const asText = (schema: Schema) =>
    fc.oneof({ weight: 4, arbitrary: fits(schema).map(toText) }, { weight: 1, arbitrary: wildText });
  const parameters = operation.parameters ?? [];
  const some = (place: string, make: (schema: Schema) => fc.Arbitrary<string | undefined>) =>
    fc.record(
      Object.fromEntries(
        parameters.filter((one) => one.in === place).map((one) => [one.name, make(one.schema)]),
      ),
    );
  const optional = (schema: Schema) => fc.option(asText(schema), { nil: undefined, freq: 3 });
  return fc.record({
    caller: fc.constantFrom(...callers),
    params: some("path", (schema) =>
      fc.oneof(
        { weight: 9, arbitrary: fc.constant(undefined) },
        // An empty one makes the address of another operation.
        { weight: 1, arbitrary: asText(schema).filter((text) => text !== "") },
      ),
    ),
    query: some("query", optional).map(withoutUndefined),
    headers: some("header", optional)
      .map((headers) => withoutUndefined(headers))
      .map(onlySendable),
    body: bodyOf(operation, fits),
  });
}

function bodyOf(
  operation: DescribedOperation,
  fits: (schema: Schema) => fc.Arbitrary<unknown>,
): fc.Arbitrary<string | undefined> {
  const schema = operation.requestBody?.content["application/json"]?.schema as Schema | undefined;
  if (schema === undefined) return fc.option(fc.constantFrom("{}", "x"), { nil: undefined, freq: 5 });
  const fittingBody = fits(schema);
  const spoiled = fc
    .tuple(fittingBody, fc.string(), fc.nat(), junk)
    .map(([value, name, at, bad]) => JSON.stringify(spoil(value, name, at, bad)));
  return fc.oneof(
    { weight: 6, arbitrary: fittingBody.map((value) => JSON.stringify(value)) },
    { weight: 4, arbitrary: spoiled },
    {
      weight: 1,
      arbitrary: fc.constantFrom("", "{", "null", "[]", "{}", '"', "\0", '{"__proto__":1}', "a=b"),
    },
    { weight: 1, arbitrary: junk.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

/** Puts `bad` in the place of one of the value's fields, or adds it as one. */
function spoil(value: unknown, name: string, at: number, bad: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return bad;
  const names = [...Object.keys(value), name];
  return { ...value, [names[at % names.length] ?? name]: bad };
}

interface Sources {
  document: ApiDocument;
  known: readonly string[];
}

/** A value that fits the schema, as far as the document says what fits. */
function fitting(schema: Schema, sources: Sources, depth: number): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return fitting((sources.document.components.schemas[name] ?? {}) as Schema, sources, depth + 1);
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map((one) => fitting(one, sources, depth + 1)));
  const types = [schema.type ?? "object"].flat();
  return fc.oneof(...types.map((type) => valueOfType(type, schema, sources, depth)));
}

function valueOfType(type: string, schema: Schema, sources: Sources, depth: number): fc.Arbitrary<unknown> {
  if (type === "null") return fc.constant(null);
  if (type === "boolean") return fc.boolean();
  if (type === "integer" || type === "number") return integerOf(schema);
  if (type === "string") return textOf(schema, sources.known);
  const within = (one: Schema) => fitting(one, sources, depth + 1);
  if (type === "array") {
    const minLength = schema.minItems ?? 0;
    return fc.array(within(schema.items ?? {}), { minLength, maxLength: Math.max(minLength, 3) });
  }
  const properties = Object.entries(schema.properties ?? {}).map(
    ([name, one]) => [name, within(one)] as const,
  );
  return fc.record<Record<string, unknown>, string>(Object.fromEntries(properties), {
    requiredKeys: (schema.required ?? []).filter((name) => schema.properties?.[name] !== undefined),
  });
}

function integerOf({ minimum, exclusiveMinimum, maximum }: Schema): fc.Arbitrary<number> {
  const min = Math.max(minimum ?? exclusiveMinimum ?? -100, -(2 ** 31));
  const max = Math.min(maximum ?? 2 ** 31 - 1, Number.MAX_SAFE_INTEGER);
  return fc.oneof(
    fc.integer({ min, max: Math.min(max, min + 1000) }),
    fc.constantFrom(min, max, min - 1, max + 1, maximum ?? 2 ** 53),
  );
}

function textOf(
  { minLength = 0, maxLength, format, pattern }: Schema,
  known: readonly string[],
): fc.Arbitrary<string> {
  const plain = fc.oneof(
    fc.constantFrom(
      "A name",
      "main",
      "true",
      "1",
      "refs/heads/new",
      "ssh-ed25519 AAAA",
      "repo:read",
      "Ünïcode 🦆",
    ),
    fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/),
    ...(known.length === 0 ? [] : [fc.constantFrom(...known)]),
    fc.string({ unit: "grapheme", minLength, maxLength: Math.max(minLength, Math.min(maxLength ?? 20, 20)) }),
  );
  if (format === "email") return fc.oneof(fc.constantFrom("a@example.com", "b+c@example.org"), plain);
  if (format === "uri") return fc.oneof(fc.constantFrom("https://example.com/x", "http://a.example"), plain);
  if (pattern !== undefined) return fc.oneof(plain, fc.constant("a\u0000b"));
  if (maxLength === undefined) return plain;
  return fc.oneof(
    { weight: 6, arbitrary: plain },
    { weight: 1, arbitrary: fc.constantFrom("x".repeat(maxLength), "x".repeat(maxLength + 1)) },
  );
}

const toText = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.isWellFormed() && text !== "." && text !== ".." ? text : "x";
};

function withoutUndefined(record: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** A header holds Latin-1 without line ends; `fetch` sends nothing else. */
function onlySendable(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => /^[\x20-\x7e]*$/.test(value)));
}
