// What another site's pages may make a browser send: forms, fetches and images that ride on its cookie change nothing.
import { eq, or, sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { auditEvents, users } from "../../schema/tables/auth.ts";
import { repositories } from "../../schema/tables/git.ts";
import { app } from "../app.ts";
import { createPerson, database, makeRepository, makeRun, type Person, send } from "../testing/fixtures.ts";
import { openSignedIn } from "../testing/mail-account.ts";
import { makeOrganization, makeTeam } from "../testing/organizations.ts";

const FORM = "application/x-www-form-urlencoded";
const YAML = "on: push\njobs: {a: {steps: [{run: 'true'}]}}\n";
let person: Person;
let cookie: string;
let csrf: string;
let values: Record<string, string>;

beforeAll(async () => {
  const { name: org, owner } = await makeOrganization();
  person = owner;
  cookie = (await openSignedIn(owner.id)).cookie();
  csrf = /name="_csrf" value="([^"]+)"/.exec(await (await send("/new", { cookie })).text())?.[1] ?? "";
  const team = await makeTeam(owner, org);
  const repository = await makeRepository(owner, true);
  const run = await makeRun(owner, repository.id, YAML);
  values = {
    ...{ owner: owner.username, repo: repository.name, repository: `${repository.name}.git`, org },
    ...{ team: team.slug, team_slug: team.slug, username: owner.username, id: String(run.id) },
    ...{ number: String(run.number), act: "remove", word: "old", rest: "main", branch: "main", ref: "main" },
  };
});

const fill = (path: string): string =>
  path.replaceAll(/:([a-z_]+)(\{[^}]*\})?/gi, (_, name: string) => values[name] ?? "1");
const readName = async () =>
  (await database.query.select().from(users).where(eq(users.id, person.id)))[0]?.displayName;
const post = (headers: Record<string, string>, body: string) =>
  send("/settings/profile", { method: "POST", cookie, headers, body });

describe("a form of another site", () => {
  it("changes nothing, though the same form of this site does", async () => {
    const body = `name=Ada&_csrf=${csrf}`;
    const headers = [
      { origin: "https://elsewhere.test" },
      { origin: "null" },
      { origin: "http://plue.test.elsewhere.test" },
      { origin: "https://plue.test" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "none" },
    ];
    for (const one of headers) {
      const answer = await post({ "content-type": FORM, ...one }, body);
      expect([one, answer.status]).toEqual([one, 403]);
    }
    expect(await readName()).toBe("");
    const own = { "content-type": FORM, origin: "http://plue.test", "sec-fetch-site": "same-origin" };
    expect((await post(own, body)).status).toBe(303);
    expect(await readName()).toBe("Ada");
  });

  it("without the session's own token changes nothing, whatever the type it is sent as", async () => {
    const stranger = (await openSignedIn((await createPerson()).id)).cookie();
    const page = await (await send("/new", { cookie: stranger })).text();
    const foreign = /name="_csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
    expect(foreign).not.toBe("");
    const before = await readName();
    for (const token of [undefined, "", "undefined", foreign, `${csrf}x`, csrf.slice(1)]) {
      const body = token === undefined ? "name=Eve" : `name=Eve&_csrf=${token}`;
      expect((await post({ "content-type": FORM }, body)).status).toBe(403);
      if (token) {
        expect((await post({ "content-type": FORM, "x-csrf-token": token }, "name=Eve")).status).toBe(403);
      }
    }
    for (const type of ["text/plain", "multipart/form-data; boundary=x", "application/json", ""]) {
      const bodies = [`name=Eve&_csrf=${csrf}`, JSON.stringify({ name: "Eve", _csrf: csrf })];
      for (const body of bodies) {
        expect((await post(type === "" ? {} : { "content-type": type }, body)).status).toBe(403);
      }
    }
    expect(await readName()).toBe(before);
  });
});

describe("every route that changes something", () => {
  // A route is listed once for each of its handlers.
  const listUnsafe = () => {
    const found = new Map<string, { method: string; path: string }>();
    for (const { method, path } of app.routes) {
      const isSafe = ["GET", "ALL", "OPTIONS", "HEAD"].includes(method);
      if (!isSafe && !/^\/internal\/|\/git-\w+-pack$/.test(path))
        found.set(`${method} ${path}`, { method, path });
    }
    return [...found.values()];
  };

  it("refuses a cookie from elsewhere, and one without the session's token", async () => {
    expect(listUnsafe().length).toBeGreaterThan(80);
    const odd: string[] = [];
    for (const { method, path } of listUnsafe()) {
      for (const headers of [{ origin: "https://elsewhere.test", "x-csrf-token": csrf }, {}]) {
        const body = path.startsWith("/api/") ? "{}" : "act=remove";
        const type = { "content-type": path.startsWith("/api/") ? "application/json" : FORM };
        const answer = await send(fill(path), { method, cookie, body, headers: { ...type, ...headers } });
        await answer.body?.cancel();
        if (answer.status !== 403) odd.push(`${method} ${path}: ${answer.status}`);
      }
    }
    expect(odd).toEqual([]);
  });
});

describe("an image", () => {
  // What stands in the database of the person and of what is theirs.
  const readState = async () => {
    const [account] = await database.query.select().from(users).where(sql`${users.id} = ${person.id}`);
    const owned = await database.query.select().from(repositories).where(eq(repositories.ownerId, person.id));
    const events = await database.query
      .select()
      .from(auditEvents)
      .where(or(eq(auditEvents.actorId, person.id), eq(auditEvents.ownerId, person.id)));
    const rows = await database.query.execute(sql`SELECT
      (SELECT count(*) FROM emails WHERE user_id = ${person.id}) AS emails,
      (SELECT count(*) FROM auth_sessions WHERE user_id = ${person.id} AND revoked_at IS NULL) AS sessions,
      (SELECT count(*) FROM access_tokens WHERE user_id = ${person.id} AND revoked_at IS NULL) AS tokens,
      (SELECT count(*) FROM organization_members WHERE user_id = ${person.id}) AS memberships`);
    return JSON.stringify({ account, owned, events: events.length, rows });
  };

  it("of any address of the site changes nothing", async () => {
    const gets = new Set(app.routes.filter(({ method }) => method === "GET").map(({ path }) => path));
    const paths = [...gets].filter((path) => !/^\/internal\/|\/stream$/.test(path));
    expect(paths.length).toBeGreaterThan(80);
    const before = await readState();
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" };
    const found: string[] = [];
    for (const path of paths) {
      const answer = await send(fill(path), { cookie, headers });
      await answer.body?.cancel();
      if (answer.status === 200) found.push(path);
      expect(answer.status, path).not.toBe(500);
      // A planted sign-out is an attack too.
      const planted = answer.headers.getSetCookie().filter((line) => line.startsWith("plue="));
      expect([path, planted]).toEqual([path, []]);
    }
    expect(found.length).toBeGreaterThan(40);
    expect(await readState()).toBe(before);
  });
});
