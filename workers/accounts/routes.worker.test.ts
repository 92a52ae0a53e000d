// `/api/v3/user…`: GitHub's shapes, and no more than the credential may see.
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { auditEvents, emails, sshKeys, users } from "../../schema/tables/auth.ts";
import { createPerson, database, giveToken, makeRepository, send } from "../testing/fixtures.ts";
import { expectGithubShape } from "../testing/github-shape.ts";
import { newAddress, readMails } from "../testing/mail.ts";

const call = (method: string, path: string, token: string, body?: unknown) =>
  send(`/api/v3${path}`, { method, token, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });

async function giveAddress(userId: number, isPublic = false): Promise<string> {
  const address = newAddress();
  await database.query
    .insert(emails)
    .values({ userId, address, isPublic, isPrimary: true, verifiedAt: new Date() });
  return address;
}

describe("/user", () => {
  it("answers nobody in the shape that GitHub documents", async () => {
    const answer = await send("/api/v3/user");
    expect(answer.status).toBe(401);
    await expectGithubShape("GET", "/user", answer);
  });

  it("tells what is private to the scope that may read it", async () => {
    const person = await createPerson(["user:*"]);
    await makeRepository(person, true);
    const own = await call("GET", "/user", person.token);
    const body = await expectGithubShape("GET", "/user", own);
    expect(body).toMatchObject({ login: person.username, type: "User", total_private_repos: 1, email: null });
    const reader = await giveToken(person.id, ["repo:read"]);
    const seen = await expectGithubShape("GET", "/user", await call("GET", "/user", reader));
    expect(seen).not.toHaveProperty("total_private_repos");
  });

  it("changes what is given and nothing else, and refuses what won't do", async () => {
    const person = await createPerson(["user:*"]);
    const changes = { name: "Ada", bio: "Counts.", location: "London", blog: "https://example.com/ada" };
    const answer = await call("PATCH", "/user", person.token, {
      ...changes,
      ...{ login: "root", site_admin: true, isAdmin: true, username: "root", id: 1 },
    });
    expect(answer.status).toBe(200);
    const changed = await expectGithubShape("PATCH", "/user", answer);
    expect(changed).toMatchObject({ ...changes, login: person.username, site_admin: false, id: person.id });
    for (const wrong of [{ blog: "javascript:alert(1)" }, { name: "x".repeat(101) }, { bio: 7 }]) {
      const refused = await call("PATCH", "/user", person.token, wrong);
      expect(refused.status).toBe(422);
      await expectGithubShape("PATCH", "/user", refused);
    }
    const reader = await giveToken(person.id, ["repo:write"]);
    expect((await call("PATCH", "/user", reader, { name: "Eve" })).status).toBe(403);
    const [row] = await database.query.select().from(users).where(eq(users.id, person.id));
    expect(row).toMatchObject({ displayName: "Ada", isAdmin: false });
    const log = await database.query.select().from(auditEvents).where(eq(auditEvents.ownerId, person.id));
    expect(log.map(({ action }) => action)).toContain("account.update");
  });
});

describe("PATCH /user", () => {
  it("shows the verified address that it is given, and no other", async () => {
    const person = await createPerson(["user:*"]);
    const address = await giveAddress(person.id, true);
    const other = newAddress();
    await database.query.insert(emails).values({ userId: person.id, address: other, verifiedAt: new Date() });
    const pending = newAddress();
    await database.query.insert(emails).values({ userId: person.id, address: pending });
    const patch = (body: object) => call("PATCH", "/user", person.token, body);
    const shown = await patch({ email: other.toUpperCase(), bio: "Shown." });
    expect(await expectGithubShape("PATCH", "/user", shown)).toMatchObject({ email: other, bio: "Shown." });
    for (const email of [pending, newAddress(), "nonsense"]) {
      const refused = await patch({ email, bio: "Not this." });
      expect(refused.status).toBe(422);
      expect(await refused.json()).toMatchObject({ errors: [{ field: "email" }] });
    }
    expect(await (await send(`/api/v3/users/${person.username}`)).json()).toMatchObject({
      ...{ email: other, bio: "Shown." },
    });
    for (const none of [null, ""]) {
      await patch({ email: address });
      expect(await (await patch({ email: none })).json()).toMatchObject({ email: null });
    }
  });

  it.each([
    ["company", "Analytical Engines"],
    ["twitter_username", "ada"],
    ["hireable", true],
  ])("says that it keeps no %s, and changes nothing", async (field, value) => {
    const person = await createPerson(["user:*"]);
    const refused = await call("PATCH", "/user", person.token, { [field]: value, bio: "Lost?" });
    expect(refused.status).toBe(422);
    expect(await expectGithubShape("PATCH", "/user", refused)).toMatchObject({ errors: [{ field }] });
    const taken = await call("PATCH", "/user", person.token, { [field]: null, bio: "Kept." });
    expect(await taken.json()).toMatchObject({ bio: "Kept." });
  });
});

describe("/:user.keys", () => {
  it("tells anybody a person's public keys, one a line, and of nobody else", async () => {
    const person = await createPerson();
    const get = (name: string) => send(`/${name}.keys`);
    expect(await (await get(person.username)).text()).toBe("");
    const keys = [1, 2].map((at) => `ssh-ed25519 AAAA${at}${person.username}`);
    for (const publicKey of keys) {
      await database.query
        .insert(sshKeys)
        .values({ userId: person.id, title: "secret title", publicKey, fingerprint: `SHA256:${publicKey}` });
    }
    const answer = await get(person.username.toUpperCase());
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(await answer.text()).toBe(`${keys.join("\n")}\n`);
    expect((await get("nobody-there")).status).toBe(404);
    await database.query.update(users).set({ suspendedAt: new Date() }).where(eq(users.id, person.id));
    expect((await get(person.username)).status).toBe(404);
  });
});

describe("/users", () => {
  it("shows an account as anybody sees it, whatever the case of its name", async () => {
    const person = await createPerson();
    await makeRepository(person, true);
    await makeRepository(person);
    const answer = await send(`/api/v3/users/${person.username.toUpperCase()}`);
    const body = await expectGithubShape("GET", "/users/{username}", answer);
    expect(body).toMatchObject({ login: person.username, public_repos: 1, email: null });
    expect(body).not.toHaveProperty("total_private_repos");
    await giveAddress(person.id, true);
    const shown = await (await send(`/api/v3/users/${person.username}`)).json();
    expect(shown).toHaveProperty("email", expect.stringContaining("@example.com"));
  });

  it("doesn't show who is suspended, or nobody", async () => {
    const person = await createPerson();
    await database.query.update(users).set({ suspendedAt: new Date() }).where(eq(users.id, person.id));
    for (const name of [person.username, "no-such-name", "%25", "a'b"]) {
      const answer = await send(`/api/v3/users/${name}`);
      expect(answer.status).toBe(404);
      await expectGithubShape("GET", "/users/{username}", answer);
    }
  });

  it("lists accounts by id, page by page", async () => {
    const [first, second, third] = [await createPerson(), await createPerson(), await createPerson()];
    const answer = await send(`/api/v3/users?since=${first.id - 1}&per_page=2`);
    const body = await expectGithubShape("GET", "/users", answer);
    expect(body).toMatchObject([{ login: first.username }, { login: second.username }]);
    const next = /<http:\/\/plue\.test([^>]+)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
    expect(await (await send(next ?? "")).json()).toMatchObject([{ login: third.username }]);
    expect((await send("/api/v3/users?since=-1")).status).toBe(422);
  });
});

describe("/user/emails", () => {
  it("lists, adds, shows and removes, and mails a link to what is added", async () => {
    const person = await createPerson(["user:*"]);
    const primary = await giveAddress(person.id);
    const [one, two] = [newAddress(), newAddress()];
    const added = await call("POST", "/user/emails", person.token, { emails: [one, two] });
    expect(added.status).toBe(201);
    await expectGithubShape("POST", "/user/emails", added);
    expect((await readMails(two))[0]?.text).toContain("/verify/email/");
    const listed = await call("GET", "/user/emails", person.token);
    expect(await expectGithubShape("GET", "/user/emails", listed)).toEqual([
      { email: primary, primary: true, verified: true, visibility: "private" },
      { email: one, primary: false, verified: false, visibility: null },
      { email: two, primary: false, verified: false, visibility: null },
    ]);
    const seen = { visibility: "public" };
    const shown = await call("PATCH", "/user/email/visibility", person.token, seen);
    expect(await shown.json()).toMatchObject([{ email: primary, ...seen }]);
    const everybody = await call("GET", "/user/public_emails", person.token);
    expect(await expectGithubShape("GET", "/user/public_emails", everybody)).toHaveLength(1);
    expect((await call("DELETE", "/user/emails", person.token, [one])).status).toBe(204);
    expect((await call("DELETE", "/user/emails", person.token, two)).status).toBe(204);
    expect((await call("DELETE", "/user/emails", person.token, [one])).status).toBe(404);
    const refused = await call("DELETE", "/user/emails", person.token, primary);
    expect(refused.status).toBe(422);
    await expectGithubShape("DELETE", "/user/emails", refused);
  });

  it("is nobody's but the account's own, with the scope for it", async () => {
    const person = await createPerson(["repo:write"]);
    for (const path of ["/user/emails", "/user/public_emails"]) {
      expect((await call("GET", path, person.token)).status).toBe(403);
      expect((await send(`/api/v3${path}`)).status).toBe(401);
    }
    expect((await call("POST", "/user/emails", person.token, [newAddress()])).status).toBe(403);
    const other = await createPerson(["user:*"]);
    const theirs = await giveAddress(person.id);
    expect((await call("DELETE", "/user/emails", other.token, [theirs])).status).toBe(404);
  });
});
