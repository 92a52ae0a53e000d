// What the API says of itself, for tests that are made from it: every route of /api/openapi.json with a body that fits,
// so that a route that is added is tested with the others.
import { send } from "./fixtures.ts";

interface Schema {
  type?: string | string[];
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  const?: unknown;
  $ref?: string;
}

export interface Operation {
  method: string;
  /** With /api before it and `{owner}` and the like in it. */
  path: string;
  permission: string | undefined;
  /** Of a body of JSON, without references. */
  body: Schema | undefined;
  queries: string[];
}

interface Described {
  "x-permission"?: string;
  parameters?: { name: string; in: string }[];
  requestBody?: { content?: Record<string, { schema: Schema }> };
}

export async function readOperations(): Promise<Operation[]> {
  const document = await (await send("/api/openapi.json")).json<{
    paths: Record<string, Record<string, Described>>;
    components?: { schemas?: Record<string, Schema> };
  }>();
  const components = document.components?.schemas ?? {};
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      const schema = described.requestBody?.content?.["application/json"]?.schema;
      return {
        ...{ method: method.toUpperCase(), path: `/api${path}`, permission: described["x-permission"] },
        body: schema === undefined ? undefined : resolve(schema, components),
        queries: (described.parameters ?? []).filter((one) => one.in === "query").map(({ name }) => name),
      };
    }),
  );
}

function resolve(schema: Schema, components: Record<string, Schema>): Schema {
  if (schema.$ref === undefined) return schema;
  return components[schema.$ref.split("/").at(-1) ?? ""] ?? {};
}

/**
 * A value that fits: of an object the required properties, of choices the first.
 * @param known what stands for properties by their name, where any text won't do
 */
export function makeSample(schema: Schema, known: Record<string, unknown> = {}): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice !== undefined) return makeSample(choice, known);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object") {
    const names = new Set([...(schema.required ?? []), ...Object.keys(known)]);
    const properties = Object.entries(schema.properties ?? {}).filter(([name]) => names.has(name));
    return Object.fromEntries(
      properties.map(([name, property]) => [name, known[name] ?? makeSample(property, known)]),
    );
  }
  if (type === "array") return [makeSample(schema.items ?? {}, known)];
  if (type === "integer" || type === "number") return 1;
  if (type === "boolean") return true;
  if (type === "null") return null;
  return "a@example.com";
}
