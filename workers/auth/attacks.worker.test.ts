// Attacks on every route of the API, taken from its own description: what is private answers a stranger as if it weren't
// there, a token without scopes changes nothing, and hostile parameters break nothing.
import { beforeAll, describe, expect, it } from "vitest";
import { createPerson, giveToken, makeRepository, makeRun, type Person, send } from "../testing/fixtures.ts";

interface Operation {
  method: string;
  path: string;
  queries: string[];
}
const YAML = "on: push\njobs:\n  build:\n    steps:\n      - run: true\n";
const HOSTILE = [
  "'; DROP TABLE users; --",
  "%",
  "_",
  "\\",
  "a\r\nset-cookie: x=1",
  "../../etc/passwd",
  "\u0000",
  "-1",
  "1e9",
];

let [owner, stranger]: Person[] = [];
let operations: Operation[] = [];
let names: Record<string, string> = {};

beforeAll(async () => {
  owner = await createPerson();
  stranger = await createPerson();
  const repository = await makeRepository(owner, true);
  const run = await makeRun(owner, repository.id, YAML);
  names = { owner: owner.username, repo: repository.name, id: String(run.id) };
  const document: { paths: Record<string, Record<string, { parameters?: { name: string; in: string }[] }>> } =
    await (await send("/api/openapi.json")).json();
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...{ method: method.toUpperCase(), path },
      queries: (operation.parameters ?? []).filter((one) => one.in === "query").map(({ name }) => name),
    })),
  );
});

const fill = (path: string) =>
  `/api${path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name] ?? "1"))}`;
const ofRepository = () =>
  operations.filter(({ path }) => path.includes("{owner}/{repo}") || path.startsWith("/runs/"));
const ask = (operation: Operation, token: string) =>
  send(fill(operation.path), {
    ...{ method: operation.method, token },
    ...(["GET", "HEAD"].includes(operation.method) ? {} : { body: "{}" }),
  });

describe("every route of a private repository", () => {
  it("is there for its owner, so that what follows says something", async () => {
    expect(ofRepository().length).toBeGreaterThan(20);
    expect(
      (await send(`/api/v3/repos/${names.owner}/${names.repo}`, { token: owner?.token ?? "" })).status,
    ).toBe(200);
  });

  it("answers another user as if there were nothing", async () => {
    const odd: string[] = [];
    for (const operation of ofRepository()) {
      const answer = await ask(operation, stranger?.token ?? "");
      await answer.body?.cancel();
      // A body that doesn't fit is refused before anything is looked up, and tells nothing.
      if (![404, 422, 400].includes(answer.status))
        odd.push(`${operation.method} ${operation.path}: ${answer.status}`);
    }
    expect(odd).toEqual([]);
  });
});

describe("a token of a scope that fits nothing", () => {
  it("changes nothing on any route", async () => {
    const token = await giveToken(owner?.id ?? 0, ["run:*"]);
    const odd: string[] = [];
    for (const operation of operations) {
      if (operation.method === "GET" || /^\/(tokens\/check|runs\/)/.test(operation.path)) continue;
      const answer = await ask(operation, token);
      await answer.body?.cancel();
      if (answer.status < 400 || answer.status >= 500)
        odd.push(`${operation.method} ${operation.path}: ${answer.status}`);
    }
    expect(odd).toEqual([]);
  });
});

describe("hostile words", () => {
  it("in any query parameter break nothing and set no header", async () => {
    const odd: string[] = [];
    for (const operation of operations.filter(
      ({ method, path }) => method === "GET" && !path.endsWith("/stream"),
    )) {
      for (const name of operation.queries) {
        for (const word of HOSTILE) {
          const path = `${fill(operation.path)}?${name}=${encodeURIComponent(word)}`;
          const answer = await send(path, { token: owner?.token ?? "" });
          await answer.body?.cancel();
          if (answer.status >= 500 || answer.headers.has("set-cookie")) odd.push(`${path}: ${answer.status}`);
        }
      }
    }
    expect(odd).toEqual([]);
  });
});
