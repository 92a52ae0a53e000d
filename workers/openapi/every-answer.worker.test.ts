// Every answer of every route is one that the OpenAPI document describes: its status, content type, headers and body. Seeded
// requests that fit, are at a limit or are wrong, from all kinds of callers; `PLUE_API_CASES` makes more of them.
import { eq } from "drizzle-orm";
import * as fc from "fast-check";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { users } from "../../schema/tables/auth.ts";
import { randomBase62 } from "../../schema/token.ts";
import { type ApiDocument, findAnswerProblems, readDocument } from "../testing/api-document.ts";
import { type ArbitraryRequest, arbitraryRequest } from "../testing/arbitrary-request.ts";
import { type Estate, makeEstate } from "../testing/estate.ts";
import { begin, createPerson, database, giveToken, send } from "../testing/fixtures.ts";
import { insist } from "../testing/organizations.ts";
import { PushedRepository } from "../testing/pushed-repository.ts";

const SEED = 8;
const SHOWN_CHARACTERS = 600;
const CALLERS = [
  "owner",
  "owner",
  "owner",
  "member",
  "stranger",
  "admin",
  "reader",
  "scopeless",
  "nobody",
  "bad",
];

interface World {
  estate: Estate;
  /** The commit that the repository's branch `main`, which is protected, points at. */
  tip: string;
  tokens: Record<string, string | undefined>;
}

let api: { document: ApiDocument; name: string };
const statuses = new Map<number, number>();
let world: World;
let site: { admin: string; stranger: string };

beforeAll(async () => {
  api = await readDocument();
  site = { admin: (await makeAdmin()).token, stranger: (await createPerson()).token };
  world = await makeWorld();
});

async function makeWorld(): Promise<World> {
  const estate = await makeEstate();
  const { owner, member } = estate;
  const tokens = {
    ...{ owner: owner.token, member: member.token, stranger: site.stranger, admin: site.admin },
    reader: await giveToken(owner.id, ["repo:read", "user:*"]),
    scopeless: await giveToken(owner.id, []),
    ...{ nobody: undefined, bad: `plue_${randomBase62(36)}` },
  };
  return { estate, tokens, tip: await pushMain(estate) };
}

const PROTECTION = {
  required_status_checks: { strict: true, contexts: ["ci"] },
  ...{ enforce_admins: null, required_pull_request_reviews: {}, restrictions: null },
};

async function pushMain({ owner, find }: Estate): Promise<string> {
  const name = find("", "repo") ?? "";
  const place = `/repos/${owner.username}/${name}`;
  const { id } = await (await insist(owner, "GET", place)).json<{ id: number }>();
  const { oid } = await PushedRepository.of(id, name, owner).commit("main", { "a.txt": "a\n" });
  await insist(owner, "PUT", `${place}/branches/main/protection`, PROTECTION);
  return oid;
}

async function makeAdmin() {
  const admin = await createPerson();
  await database.query.update(users).set({ isAdmin: true }).where(eq(users.id, admin.id));
  return admin;
}

const isStream = (path: string): boolean => path.endsWith("/stream");

/** Settings of the whole site are others' too who test at the same time: nobody here may change them. */
const callersOf = (path: string): string[] =>
  path === "/site/settings" ? CALLERS.filter((caller) => caller !== "admin") : CALLERS;

function sendRequest(path: string, method: string, request: ArbitraryRequest): Promise<Response> {
  const filled = fillParams(path, request.params);
  const query = new URLSearchParams(request.query).toString();
  const token = world.tokens[request.caller];
  const init = {
    method: method.toUpperCase(),
    ...(token === undefined ? {} : { token }),
    ...(request.body === undefined || method === "get" ? {} : { body: request.body }),
    headers: { ...request.headers, "content-type": "application/json" },
  };
  // A stream goes on long after its answer has begun.
  return (isStream(path) ? begin : send)(`/api${filled}${query === "" ? "" : `?${query}`}`, init);
}

const fillParams = (path: string, given: ArbitraryRequest["params"]): string =>
  path.replaceAll(/\{([a-z_]+)\}/gi, (_, name: string) =>
    encodeURIComponent(given[name] ?? findThere(path, name)),
  );

const findThere = (path: string, name: string): string =>
  (name === "sha" ? world.tip : world.estate.find(`/api${path}`, name)) ?? "1";

/** After these what a path names may have gone, or be another's. */
const isUpsetting = (path: string, method: string): boolean =>
  method === "delete" || method === "patch" || /transfer|abort|complete|rotate|cancel/.test(path);

/** Asks one operation many times. @returns what wasn't as the document says, with the request that showed it */
async function examine(path: string, method: string, seed: number): Promise<string[]> {
  const operation = api.document.paths[path]?.[method];
  if (operation === undefined) throw new Error(`there is no ${method} ${path}`);
  const { owner, member } = world.estate;
  const known = [owner.username, member.username, world.estate.find(path, "org") ?? ""];
  const sources = { callers: callersOf(path), known };
  const sample = { seed, numRuns: inject("apiCases") };
  const found = new Map<string, string>();
  for (const request of fc.sample(arbitraryRequest(api.document, operation, sources), sample)) {
    const answer = await sendRequest(path, method, request);
    for (const problem of await findAnswerProblems(api, { path, method }, answer)) {
      const shown = JSON.stringify(request).slice(0, SHOWN_CHARACTERS);
      found.set(problem.slice(0, 60), `${method} ${path}: ${problem}\n  ${shown}`);
    }
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (answer.ok && isUpsetting(path, method)) world = await makeWorld();
  }
  return [...found.values()];
}

describe("every answer", () => {
  it("is one that the document describes", { timeout: 15_000 + inject("apiCases") * 60_000 }, async () => {
    const operations = Object.entries(api.document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ path, method })),
    );
    expect(operations.length).toBeGreaterThan(110);
    const problems: string[] = [];
    for (const [at, { path, method }] of operations.entries()) {
      problems.push(...(await examine(path, method, SEED + at)));
    }
    expect(problems).toEqual([]);
    // Were nearly all requests refused for one reason, they would prove little.
    for (const status of [200, 201, 204, 400, 401, 403, 404, 422]) {
      expect(statuses.get(status) ?? 0, `answers with ${status}`).toBeGreaterThan(inject("apiCases") / 2);
    }
  });
});

describe("the document", () => {
  it("names how a request shows who it comes from, and where nobody needs to be known", () => {
    const { securitySchemes } = api.document.components;
    expect(Object.keys(securitySchemes).sort()).toEqual(["basic", "session", "token"]);
    const { paths } = api.document;
    expect(paths["/v3/user"]?.get?.security).toEqual([{ token: [] }, { basic: [] }, { session: [] }]);
    expect(paths["/v3/users/{username}"]?.get?.security).toContainEqual({});
    for (const methods of Object.values(paths)) {
      for (const { security } of Object.values(methods)) {
        for (const name of security.flatMap(Object.keys)) expect(securitySchemes).toHaveProperty(name);
      }
    }
  });

  it("has patterns that are regular expressions and match what is answered", () => {
    const patterns: string[] = [];
    JSON.stringify(api.document, (key, value: unknown) => {
      if (key === "pattern" && typeof value === "string") patterns.push(value);
      return value;
    });
    expect(patterns.length).toBeGreaterThan(0);
    for (const pattern of patterns) {
      expect(pattern).not.toMatch(/\/[a-z]*$/);
      expect(new RegExp(pattern, "u").test("Plue")).toBe(true);
    }
  });
});
