// Tokens are shown once, make none that may more than themselves, and end at once.
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { accessTokens, auditEvents } from "../../schema/tables/auth.ts";
import { createToken } from "../../schema/token.ts";
import { createPerson, database, giveToken, makeRepository, send } from "../testing/fixtures.ts";

interface Made {
  id: number;
  token: string;
  expires_at: string | null;
}
const DAY_MS = 24 * 60 * 60_000;
const post = (token: string, path: string, body: object = {}) =>
  send(path, { method: "POST", token, body: JSON.stringify(body) });
const make = async (token: string, body: object): Promise<Made> => {
  const answer = await post(token, "/api/user/tokens", body);
  expect(answer.status).toBe(201);
  return answer.json();
};
const statusWith = async (token: string) => (await send("/api/v3/user", { token })).status;

describe("an API token", () => {
  it("is shown when it is made, listed without its secret, rotated and revoked at once", async () => {
    const person = await createPerson();
    const made = await make(person.token, {
      name: " ci ",
      scopes: ["repo:read", "user:*"],
      expires_in_days: 7,
    });
    expect(made).toMatchObject({ name: "ci", scopes: ["repo:read", "user:*"], repositories: null });
    expect(new Date(made.expires_at ?? "").getTime()).toBeCloseTo(Date.now() + 7 * DAY_MS, -5);
    const used = await send("/api/v3/user", {
      token: made.token,
      headers: { "cf-connecting-ip": "192.0.2.9" },
    });
    expect(used.status).toBe(200);
    const list = await (await send("/api/user/tokens", { token: person.token })).text();
    expect(list).toContain(made.token.slice(0, 9));
    expect(list).toContain("192.0.2.9");
    expect(list).not.toContain(made.token);
    const rotated: Made = await (await post(person.token, `/api/user/tokens/${made.id}/rotate`)).json();
    expect([await statusWith(made.token), await statusWith(rotated.token)]).toEqual([401, 200]);
    const gone = await send(`/api/user/tokens/${made.id}`, { method: "DELETE", token: person.token });
    expect(gone.status).toBe(204);
    expect(await statusWith(rotated.token)).toBe(401);
    const events = await database.query.select().from(auditEvents).where(eq(auditEvents.ownerId, person.id));
    expect(events.map(({ action }) => action)).toEqual(["token.create", "token.rotate", "token.revoke"]);
    expect(JSON.stringify(events)).not.toContain(made.token);
  });

  it("makes none that may more, or for longer, than itself", async () => {
    const person = await createPerson();
    for (const scopes of [["repo:write"], ["user:*"], ["repo:read", "run:*"]]) {
      const weak = await giveToken(person.id, scopes);
      expect((await post(weak, "/api/user/tokens", { name: "x", scopes: ["repo:read"] })).status).toBe(403);
    }
    const short = await make(person.token, { name: "short", scopes: ["admin"], expires_in_days: 1 });
    for (const expires_in_days of [null, 300]) {
      const child = await make(short.token, { name: "child", scopes: ["admin"], expires_in_days });
      expect(child.expires_at).toBe(short.expires_at);
    }
    const long = await make(person.token, { name: "long", scopes: ["admin"] });
    expect((await post(short.token, `/api/user/tokens/${long.id}/rotate`)).status).toBe(403);
    const { name } = await makeRepository(person);
    const repositories = [`${person.username}/${name}`];
    const limited = await make(person.token, { name: "limited", scopes: ["admin"], repositories });
    expect((await post(limited.token, "/api/user/tokens", { name: "x", scopes: ["repo:read"] })).status).toBe(
      403,
    );
  });

  it("reaches no repository but those it lists, and can't list what its maker doesn't see", async () => {
    const [person, other] = [await createPerson(), await createPerson()];
    const [mine, secret] = [await makeRepository(person, true), await makeRepository(other, true)];
    const open = await makeRepository(person);
    const wanted = (repositories: string[]) => ({ name: "x", scopes: ["repo:read"], repositories });
    const refused = await post(
      person.token,
      "/api/user/tokens",
      wanted([`${other.username}/${secret.name}`]),
    );
    expect(refused.status).toBe(404);
    const { token } = await make(person.token, wanted([`${person.username}/${mine.name}`]));
    const statusOf = async (name: string) =>
      (await send(`/api/v3/repos/${person.username}/${name}`, { token })).status;
    expect([await statusOf(mine.name), await statusOf(open.name)]).toEqual([200, 404]);
  });

  it.each([
    [{ name: "", scopes: ["admin"] }, "name"],
    [{ name: "x".repeat(101), scopes: ["admin"] }, "name"],
    [{ name: "x", scopes: [] }, "scopes"],
    [{ name: "x", scopes: ["everything"] }, "scopes"],
    [{ name: "x", scopes: ["admin"], expires_in_days: 367 }, "expires_in_days"],
    [{ name: "x", scopes: ["admin"], expires_in_days: 0 }, "expires_in_days"],
    [{ name: "x", scopes: ["admin"], repositories: [] }, "repositories"],
    [{ name: "x", scopes: ["admin"], user_id: 1 }, ""],
  ])("is refused as %j", async (body, field) => {
    const { token } = await createPerson();
    const answer = await post(token, "/api/user/tokens", body);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ errors: [{ field }] });
  });

  it("of another can be neither seen, rotated nor revoked", async () => {
    const [person, other] = [await createPerson(), await createPerson()];
    const { id } = await make(other.token, { name: "theirs", scopes: ["admin"] });
    expect((await post(person.token, `/api/user/tokens/${id}/rotate`)).status).toBe(404);
    const gone = await send(`/api/user/tokens/${id}`, { method: "DELETE", token: person.token });
    expect(gone.status).toBe(404);
  });

  it("in an address is refused, whatever it is called there", async () => {
    const { token } = await createPerson();
    for (const query of ["access_token=x", `token=${token}`, `q=${token}`]) {
      const answer = await send(`/api/v3/user?${query}`);
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain("doesn't belong in an address");
    }
  });

  it("is told which scopes it has and was asked for, and what it lacks is in the log", async () => {
    const person = await createPerson();
    const { name } = await makeRepository(person, true);
    const token = await giveToken(person.id, ["repo:read"]);
    const read = await send(`/api/v3/repos/${person.username}/${name}`, { token });
    expect(read.headers.get("x-oauth-scopes")).toBe("repo:read");
    expect(read.headers.get("x-accepted-oauth-scopes")).toBe("repo:read");
    const refused = await send("/api/v3/user/repos", { method: "POST", token, body: '{"name":"x"}' });
    expect(refused.status).toBe(403);
    expect(refused.headers.get("x-accepted-oauth-scopes")).toBe("repo:write");
    const [event] = await database.query.select().from(auditEvents).where(eq(auditEvents.ownerId, person.id));
    expect(event).toMatchObject({ action: "token.refuse", details: { scopes: ["repo:write"], status: 403 } });
  });
});

describe("a string that was found", () => {
  it("is told from a live token, and revoked where its finder asks for it", async () => {
    const person = await createPerson();
    const check = async (body: object) => (await post(person.token, "/api/tokens/check", body)).json();
    const leaked = await giveToken(person.id, ["admin"]);
    expect(await check({ token: `${leaked.slice(0, -1)}_` })).toEqual({ state: "malformed" });
    expect(await check({ token: createToken("plue_") })).toEqual({ state: "unknown" });
    expect(await check({ token: leaked })).toEqual({ state: "live" });
    expect(await check({ token: leaked, revoke: true })).toEqual({ state: "revoked" });
    expect(await statusWith(leaked)).toBe(401);
    expect(await check({ token: leaked })).toEqual({ state: "unknown" });
    const [row] = await database.query.select().from(auditEvents).where(eq(auditEvents.ownerId, person.id));
    expect(row).toMatchObject({ action: "token.report", targetKind: "token" });
    const rows = await database.query.select().from(accessTokens).where(eq(accessTokens.userId, person.id));
    expect(rows.filter(({ revokedAt }) => revokedAt !== null)).toHaveLength(1);
  });
});
