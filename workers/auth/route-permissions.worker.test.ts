// The table of routes: each has a permission, and each that asks for one refuses who hasn't got it. Requests lead to a
// private repository and an organisation of somebody's, with bodies that fit, so that a refusal is about permission.
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../app.ts";
import { makeSample, readOperations } from "../testing/api-operations.ts";
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
  const known = new Map(
    (await readOperations()).map((operation) => [
      `${operation.method} ${operation.path.replaceAll(/\{([a-z_]+)\}/gi, ":$1")}`,
      operation,
    ]),
  );
  const all = new Set(
    app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`),
  );
  routes = [...all].map((key) => {
    const [method = "", path = ""] = key.split(" ");
    const operation = known.get(key);
    return {
      ...{ method, path },
      permission: operation?.permission ?? findRoutePermission(method, path),
      body: operation?.body === undefined ? undefined : makeSample(operation.body),
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
