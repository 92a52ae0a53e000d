// Fields that nobody may set: sent with every body there is, they are left as they were.
import { eq } from "drizzle-orm";
import { expect, it } from "vitest";
import { users } from "../../schema/tables/auth.ts";
import { repositories } from "../../schema/tables/git.ts";
import { randomBase62 } from "../../schema/token.ts";
import { openBrowser } from "../testing/browser.ts";
import { createPerson, database, makeRepository } from "../testing/fixtures.ts";
import { newAddress, readLink } from "../testing/mail.ts";
import { openSignedIn, PASSWORD } from "../testing/mail-account.ts";
import { ask, insist, makeOrganization } from "../testing/organizations.ts";

const STOLEN = {
  ...{ id: 1, user_id: 1, userId: 1, kind: "organization", type: "Organization" },
  ...{ is_admin: true, isAdmin: true, site_admin: true, admin: true, role: "owner", permission: "admin" },
  ...{ suspended_at: "2020-01-01", suspendedAt: "2020-01-01", created_at: "2020-01-01T00:00:00Z" },
  ...{ owner_id: 1, ownerId: 1, owner: { login: "elsewhere", id: 1 }, organization_id: 1 },
  ...{
    password_hash: "x",
    passwordHash: "x",
    username: "taken-over",
    verified: true,
    verifiedAt: "2020-01-01",
  },
  ...{ stored_bytes: 0, storage_key: "x", deleted_at: "2020-01-01", deletedAt: "2020-01-01" },
  ...{ __proto__: null, constructor: { prototype: { isAdmin: true } } },
};
const inForm = () =>
  Object.fromEntries(Object.entries(STOLEN).map(([name, value]) => [name, String(JSON.stringify(value))]));

const findUser = async (username: string) =>
  (await database.query.select().from(users).where(eq(users.username, username)))[0];
const ORDINARY = { kind: "person", isAdmin: false, suspendedAt: null };

it("an account that changes itself stays who it is, and gains nothing", async () => {
  const person = await createPerson(["user:*"]);
  const before = await findUser(person.username);
  await insist(person, "PATCH", "/user", { ...STOLEN, bio: "by token" });
  const { username: _, owner: __, ...fields } = inForm();
  const browser = await openSignedIn(person.id);
  expect((await browser.post("/settings/profile", { ...fields, bio: "by form" })).status).toBe(303);
  expect((await browser.post("/settings/appearance", { ...fields, appearance: "dark" })).status).toBe(303);
  const after = await findUser(person.username);
  expect(after).toEqual({
    ...before,
    ...{ bio: "by form", appearance: "dark", updatedAt: after?.updatedAt, ...ORDINARY },
  });
});

it("an account that is registered is a person as all others", async () => {
  const [username, address] = [`n${randomBase62(10)}`, newAddress()];
  const browser = openBrowser();
  const fields = { ...inForm(), username, email: address, password: PASSWORD };
  expect((await browser.post("/register", fields)).status).toBe(303);
  const link = await readLink(address, /./);
  expect((await browser.post(link, { ...inForm(), username })).status).toBe(303);
  expect(await findUser(username)).toMatchObject(ORDINARY);
});

it("a repository stays its owner's, whoever is named in what makes or changes it", async () => {
  const [person, other] = [await createPerson(), await createPerson()];
  const stolen = { ...STOLEN, owner: other.username, owner_id: other.id, ownerId: other.id };
  const name = `r${randomBase62(8)}`;
  await insist(person, "POST", "/user/repos", { ...stolen, name });
  const changing = await makeRepository(person);
  const browser = await openSignedIn(person.id);
  const form = { ...inForm(), owner: "", name: `${name}2` };
  expect((await browser.post("/new", form)).status).toBe(303);
  const denied = await browser.post("/new", { ...form, owner: other.username, name: `${name}3` });
  expect(denied.status).toBeGreaterThanOrEqual(400);
  const [row] = await database.query.select().from(repositories).where(eq(repositories.id, changing.id));
  const path = `/repos/${person.username}/${changing.name}`;
  await insist(person, "PATCH", path, { ...stolen, description: "by token" });
  const settings = `/${person.username}/${changing.name}/settings`;
  const { name: __, ...fields } = { ...inForm(), name: "", owner: other.username };
  expect((await browser.post(settings, { ...fields, act: "describe", description: "by form" })).status).toBe(
    303,
  );
  const [after] = await database.query.select().from(repositories).where(eq(repositories.id, changing.id));
  expect(after).toEqual({ ...row, description: "by form", updatedAt: after?.updatedAt });
  const made = await database.query.select().from(repositories).where(eq(repositories.ownerId, person.id));
  expect(made.map((one) => one.name).sort()).toEqual([name, `${name}2`, changing.name].sort());
  expect(made.every((one) => one.id !== 1)).toBe(true);
  const theirs = await database.query.select().from(repositories).where(eq(repositories.ownerId, other.id));
  expect(theirs).toEqual([]);
});

it("an organisation is made for who asks, and its members can't make themselves more", async () => {
  const [person, other] = [await createPerson(), await createPerson()];
  const login = `o${randomBase62(8)}`;
  await insist(person, "POST", "/orgs", { ...STOLEN, login, owner: other.username });
  expect(await findUser(login)).toMatchObject({ kind: "organization", isAdmin: false, suspendedAt: null });
  expect((await ask(other, "PATCH", `/orgs/${login}`, { description: "x" })).status).toBeGreaterThanOrEqual(
    403,
  );
  await insist(person, "PATCH", `/orgs/${login}`, { ...STOLEN, description: "by token" });
  expect(await findUser(login)).toMatchObject({ kind: "organization", isAdmin: false, suspendedAt: null });
  const { name, member } = await makeOrganization();
  await ask(member, "PATCH", `/user/memberships/orgs/${name}`, { ...STOLEN, state: "active", role: "admin" });
  const membership = `/orgs/${name}/memberships/${member.username}`;
  expect((await ask(member, "PUT", membership, { ...STOLEN, role: "admin" })).status).toBe(403);
  expect(await (await insist(member, "GET", membership)).json()).toMatchObject({ role: "member" });
});
