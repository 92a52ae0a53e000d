// The table of routes: each has a permission, and each that asks for one refuses who hasn't got it. Requests lead to a
// private repository and an organisation of somebody's, with bodies that fit, so that a refusal is about permission.
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../app.ts";
import { giveToken, makeRepository, makeRun, send } from "../testing/fixtures.ts";
import { makeOrganization, makeTeam } from "../testing/organizations.ts";
import {
  STATED_ACCOUNT,
  STATED_ORGANIZATION,
  STATED_REPOSITORY,
  STATED_SITE,
  STATED_TEAM,
} from "./permissions-statement.ts";
import { findRoutePermission } from "./route-permissions.ts";

const ACTIONS = [STATED_REPOSITORY, STATED_ACCOUNT, STATED_ORGANIZATION, STATED_TEAM, STATED_SITE].flatMap(
  (table) => Object.keys(table),
);
const OPEN = ["public", "anyone", "link", "organization.read"];
const KNOWN = new Set([...ACTIONS, ...OPEN, "signed-in", "gateway"]);
// A request that is refused before anybody is asked for a permission proves nothing.
const REFUSALS = [401, 403, 404];

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

interface Operation {
  "x-permission"?: string;
  requestBody?: { content?: Record<string, { schema: Schema }> };
}

interface Route {
  method: string;
  /** As in the code. */
  path: string;
  permission: string | undefined;
  /** A JSON body that fits. */
  body: unknown;
}

let routes: Route[];
let values: Record<string, string>;
let tokens: { scopeless: string };

beforeAll(async () => {
  const document = await (await send("/api/openapi.json")).json<{
    paths: Record<string, Record<string, Operation>>;
    components?: { schemas?: Record<string, Schema> };
  }>();
  const known = new Map<string, Operation>();
  for (const [path, operations] of Object.entries(document.paths)) {
    const written = `/api${path.replaceAll(/\{([a-z_]+)\}/gi, ":$1")}`;
    for (const [method, one] of Object.entries(operations)) {
      known.set(`${method.toUpperCase()} ${written}`, one);
    }
  }
  const all = new Set(
    app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`),
  );
  routes = [...all].map((key) => {
    const [method = "", path = ""] = key.split(" ");
    const operation = known.get(key);
    const schema = operation?.requestBody?.content?.["application/json"]?.schema;
    return {
      ...{ method, path },
      permission: operation?.["x-permission"] ?? findRoutePermission(method, path),
      body: schema === undefined ? undefined : sample(schema, document.components?.schemas ?? {}),
    };
  });
  const { name, owner, member } = await makeOrganization();
  const team = await makeTeam(owner, name, null, "secret");
  const repository = await makeRepository(owner, true);
  const run = await makeRun(owner, repository.id, "on: push\njobs: {a: {steps: [{run: 'true'}]}}\n");
  const repo = repository.name;
  values = {
    ...{ owner: owner.username, repo, repository: `${repo}.git`, org: name, team: team.slug },
    ...{ team_slug: team.slug, username: member.username, id: String(run.id), number: String(run.number) },
    ...{ branch: "main", ref: "main", sha: "1".repeat(40), act: "remove", word: "old", rest: "main" },
  };
  tokens = { scopeless: await giveToken(owner.id, []) };
});

/** The least that fits a schema. */
function sample(schema: Schema, components: Record<string, Schema>): unknown {
  if (schema.$ref !== undefined) {
    return sample(components[schema.$ref.split("/").at(-1) ?? ""] ?? {}, components);
  }
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice !== undefined) return sample(choice, components);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object") {
    const required = schema.required ?? [];
    return Object.fromEntries(
      required.map((name) => [name, sample(schema.properties?.[name] ?? {}, components)]),
    );
  }
  if (type === "array") return [sample(schema.items ?? {}, components)];
  if (type === "integer" || type === "number") return 1;
  if (type === "boolean") return true;
  if (type === "null") return null;
  return "a@example.com";
}

const fill = (path: string): string =>
  path.replaceAll(/:([a-z_]+)(\{[^}]*\})?/gi, (_, name: string) => values[name] ?? "1");

async function call({ method, path, body }: Route, token?: string): Promise<Response> {
  const isApi = path.startsWith("/api/");
  const hasBody = isApi ? body !== undefined : method === "POST";
  const query = path.endsWith("/info/refs") ? "?service=git-upload-pack" : "";
  return send(`${fill(path)}${query}`, {
    method,
    ...(token === undefined ? {} : { token }),
    ...(hasBody ? { body: isApi ? JSON.stringify(body) : "act=remove" } : {}),
    headers: { "content-type": isApi ? "application/json" : "application/x-www-form-urlencoded" },
  });
}

const leading = (permission: string | undefined): string => permission?.split(/, or /)[0] ?? "";

/** What of `some` wasn't refused: `method path: status`. */
async function findUnrefused(some: Route[], token?: string): Promise<string[]> {
  const found: string[] = [];
  for (const route of some) {
    const response = await call(route, token);
    await response.body?.cancel();
    const isSentToSignIn =
      response.status === 303 && response.headers.get("location")?.startsWith("/login") === true;
    if (REFUSALS.includes(response.status) || isSentToSignIn) continue;
    found.push(`${route.method} ${route.path} (${route.permission}): ${response.status}`);
  }
  return found;
}

describe("every route", () => {
  it("has a permission that is known", () => {
    expect(routes.length).toBeGreaterThan(150);
    const unknown = routes.filter(({ permission }) => !KNOWN.has(leading(permission)));
    expect(unknown.map(({ method, path, permission }) => `${method} ${path}: ${permission}`)).toEqual([]);
  });

  it("that isn't open refuses who isn't known", async () => {
    const closed = routes.filter(({ permission }) => !OPEN.includes(leading(permission)));
    expect(closed.length).toBeGreaterThan(100);
    expect(await findUnrefused(closed)).toEqual([]);
  });

  it("of the API that asks for a permission refuses the owner's own token without a scope", async () => {
    const judged = routes.filter(
      ({ path, permission }) =>
        path.startsWith("/api/") && ACTIONS.includes(permission ?? "") && !OPEN.includes(permission ?? ""),
    );
    expect(judged.length).toBeGreaterThan(80);
    expect(await findUnrefused(judged, tokens.scopeless)).toEqual([]);
  });
});
