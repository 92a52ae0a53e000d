// What may not be seen is in no list, count, link or search: every list that a stranger may ask for answers the same to the
// byte before and after things that are hidden from them were made.
import { beforeAll, expect, it } from "vitest";
import { app } from "../app.ts";
import { readOperations } from "../testing/api-operations.ts";
import { createPerson, makeRepository, makeRun, type Person, send } from "../testing/fixtures.ts";
import { openSignedIn } from "../testing/mail-account.ts";
import {
  insist,
  join,
  makeOrganization,
  makeOrganizationRepository,
  makeTeam,
} from "../testing/organizations.ts";

const YAML = "on: push\njobs: {a: {steps: [{run: 'true'}]}}\n";
let owner: Person;
let org: string;
let publicName: string;
let requests: { path: string; token?: string; cookie?: string }[];

beforeAll(async () => {
  const made = await makeOrganization();
  [owner, org] = [made.owner, made.name];
  publicName = (await makeRepository(owner)).name;
  await makeOrganizationRepository(owner, org, "public");
  const stranger = await createPerson();
  const cookie = (await openSignedIn(stranger.id)).cookie();
  const values: Record<string, string> = {
    owner: owner.username,
    repo: publicName,
    username: owner.username,
    org,
  };
  const fill = (path: string) =>
    path.replaceAll(
      /(?::([a-z_]+)|\{([a-z_]+)\})/g,
      (_, one?: string, two?: string) => values[one ?? two ?? ""] ?? "",
    );
  const isFilled = (path: string) => !/\/\/|\/$/.test(path) || path === "/";
  const api = (await readOperations())
    // The lists of everybody grow by everybody's doings.
    .filter(({ method, path }) => method === "GET" && !/stream|\/v3\/users$|health|openapi/.test(path))
    .flatMap(({ path, queries }) => [
      fill(path),
      ...(queries.includes("per_page") ? [`${fill(path)}?per_page=1`] : []),
    ]);
  const routes = new Set(app.routes.filter(({ method }) => method === "GET").map(({ path }) => path));
  const pages = [...routes]
    .filter((path) => !/^\/(api|internal|assets|login|site-admin)\b|\{/.test(path))
    .map(fill);
  requests = [...api, ...pages]
    .filter((path) => isFilled(path.split("?")[0] ?? "") && !path.includes(":"))
    .flatMap((path) => [
      { path },
      path.startsWith("/api/") ? { path, token: stranger.token } : { path, cookie },
    ]);
});

async function readAll(): Promise<Map<string, string>> {
  const told = new Map<string, string>();
  for (const { path, ...credential } of requests) {
    const answer = await send(path, credential);
    const text = (await answer.text())
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "<request>")
      .replaceAll(/name="_once" value="\w+"/g, "<form>")
      .replaceAll(
        /\d{4}-\d\d-\d\d[T ][\d:.]+( UTC|Z)?|\d+ (second|minute)s? ago|just now|"(reset|used|remaining)":\d+/g,
        "<time>",
      );
    const who = "token" in credential || "cookie" in credential ? "a stranger" : "nobody";
    told.set(`${path} for ${who}`, `${answer.status} ${answer.headers.get("link")} ${text}`);
  }
  return told;
}

it("nothing that is hidden is counted or listed", async () => {
  expect(requests.length).toBeGreaterThan(100);
  const before = await readAll();
  for (let time = 0; time < 3; time++) {
    const hidden = await makeRepository(owner, true);
    await makeRun(owner, hidden.id, YAML);
    await makeOrganizationRepository(owner, org, "private");
    await makeOrganizationRepository(owner, org, "internal");
    await makeTeam(owner, org, null, "secret");
    await makeTeam(owner, org);
    await join(owner, org, await createPerson());
    const invited = await createPerson();
    await insist(owner, "POST", `/orgs/${org}/invitations`, { login: invited.username });
    const collaborator = await createPerson();
    const place = `/repos/${owner.username}/${publicName}/collaborators/${collaborator.username}`;
    await insist(owner, "PUT", place, { permission: "push" });
  }
  const after = await readAll();
  const changed = [...before].filter(([what, told]) => after.get(what) !== told);
  expect(
    changed.map(([what, told]) => `${what}\n${told.slice(0, 300)}\n${after.get(what)?.slice(0, 300)}`),
  ).toEqual([]);
  expect([...before.values()].filter((told) => told.startsWith("200")).length).toBeGreaterThan(40);
});
