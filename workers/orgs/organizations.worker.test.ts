// Organisations, their members and invitations through the API, in GitHub's shapes.
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { auditEvents, users } from "../../schema/tables/auth.ts";
import { repositoryRedirects } from "../../schema/tables/git.ts";
import { invitations } from "../../schema/tables/orgs.ts";
import { randomBase62 } from "../../schema/token.ts";
import { INVITATIONS_OPEN_MAX } from "../core/limits.ts";
import { createPerson, database, giveToken } from "../testing/fixtures.ts";
import { expectGithubShape } from "../testing/github-shape.ts";
import {
  ask,
  insist,
  join,
  makeOrganization,
  makeOrganizationRepository,
  makeTeam,
} from "../testing/organizations.ts";
import { renameOrganization, requireOrganization } from "./organizations.ts";

const statusOf = async (...call: Parameters<typeof ask>) => (await ask(...call)).status;

describe("an organisation", () => {
  it("is made by a person who owns it then, and shown in GitHub's shape", async () => {
    const { name, owner } = await makeOrganization();
    const shape = "/orgs/{org}";
    const shown = await expectGithubShape("get", shape, await ask(null, "GET", `/orgs/${name}`));
    expect(shown).toMatchObject({ login: name, type: "Organization" });
    expect(shown).not.toHaveProperty("billing_email");
    const owned = await expectGithubShape("get", shape, await ask(owner, "GET", `/orgs/${name}`));
    expect(owned).toMatchObject({ default_repository_permission: "read" });
    const changes = { description: "Makers", default_repository_permission: "none" };
    const changed = await ask(owner, "PATCH", `/orgs/${name}`, changes);
    expect(await expectGithubShape("patch", shape, changed)).toMatchObject(changes);
    const own = await ask(owner, "GET", "/user/orgs");
    expect(await expectGithubShape("get", "/user/orgs", own)).toMatchObject([{ login: name }]);
    const [account] = await database.query.select().from(users).where(eq(users.username, name));
    expect(account).toMatchObject({ kind: "organization", passwordHash: null, isAdmin: false });
  });

  it("shares its space of names with people, case and look-alikes included, and leaves reserved words alone", async () => {
    const [owner, other] = [await createPerson(), await createPerson()];
    const base = `n${randomBase62(6)}x`.toLowerCase().replaceAll(/[01il]/g, "a");
    await insist(owner, "POST", "/orgs", { login: base });
    for (const login of [base.toUpperCase(), other.username, `${base}-`, "settings", "Api", "l0gin", ""]) {
      expect(await statusOf(owner, "POST", "/orgs", { login }), login).toBe(422);
    }
    await insist(owner, "POST", "/orgs", { login: `${base}ol` });
    for (const login of [`${base}01`, `${base}o1`, `${base}-0i`]) {
      const refused = await ask(other, "POST", "/orgs", { login });
      expect(refused.status, login).toBe(422);
      expect(await refused.json()).toMatchObject({ errors: [{ field: "name", code: "already_exists" }] });
    }
  });

  it("takes its repositories along when it is called otherwise, and nobody gets the old name", async () => {
    const { name, owner } = await makeOrganization();
    const repository = await makeOrganizationRepository(owner, name, "public");
    const actor = await asActor(owner);
    const renamed = `o${randomBase62(10)}`;
    const organization = await requireOrganization(database, actor, name, "organization.administer");
    const origin = { address: "", userAgent: "", requestId: "" };
    await renameOrganization(database, actor, origin, organization, renamed);
    expect(await statusOf(null, "GET", `/repos/${renamed}/${repository.name}`)).toBe(200);
    const redirects = await database.query
      .select()
      .from(repositoryRedirects)
      .where(eq(repositoryRedirects.repositoryId, repository.id));
    expect(redirects).toMatchObject([{ owner: name, name: repository.name }]);
    expect(await statusOf(await createPerson(), "POST", "/orgs", { login: name })).toBe(422);
    const again = await requireOrganization(database, actor, renamed, "organization.administer");
    await renameOrganization(database, actor, origin, again, name);
    expect(await statusOf(null, "GET", `/repos/${name}/${repository.name}`)).toBe(200);
  });

  it("is deleted only when it owns nothing", async () => {
    const { name, owner, member } = await makeOrganization();
    expect(await statusOf(member, "DELETE", `/orgs/${name}`)).toBe(403);
    await makeOrganizationRepository(owner, name, "private");
    expect(await statusOf(owner, "DELETE", `/orgs/${name}`)).toBe(409);
    const empty = await makeOrganization();
    expect(await statusOf(empty.owner, "DELETE", `/orgs/${empty.name}`)).toBe(202);
    expect(await statusOf(null, "GET", `/orgs/${empty.name}`)).toBe(404);
  });

  it("is closed to tokens without its scope and to those limited to repositories", async () => {
    const { name, owner } = await makeOrganization();
    const token = await giveToken(owner.id, ["repo:write", "user:*"]);
    expect(await statusOf({ token }, "PATCH", `/orgs/${name}`, { description: "x" })).toBe(403);
    expect(await statusOf({ token }, "GET", `/orgs/${name}/teams`)).toBe(404);
    expect(await (await ask({ token }, "GET", `/orgs/${name}/members`)).json()).toEqual([]);
    expect(await (await ask({ token }, "GET", "/user/orgs")).json()).toEqual([]);
  });
});

describe("members", () => {
  it("are shown to each other, and to strangers only when they show it themselves", async () => {
    const { name, owner, member } = await makeOrganization();
    const stranger = await createPerson();
    const listed = await ask(member, "GET", `/orgs/${name}/members`);
    expect(await expectGithubShape("get", "/orgs/{org}/members", listed)).toHaveLength(2);
    for (const one of [null, stranger]) {
      expect(await (await ask(one, "GET", `/orgs/${name}/members`)).json()).toEqual([]);
      expect(await statusOf(one, "GET", `/orgs/${name}/members/${member.username}`)).toBe(404);
    }
    expect(await statusOf(owner, "PUT", `/orgs/${name}/public_members/${member.username}`)).toBe(403);
    expect(await statusOf(member, "PUT", `/orgs/${name}/public_members/${member.username}`)).toBe(204);
    const shown = await ask(null, "GET", `/orgs/${name}/public_members`);
    expect(await expectGithubShape("get", "/orgs/{org}/public_members", shown)).toMatchObject([
      { login: member.username },
    ]);
    expect(await statusOf(stranger, "GET", `/orgs/${name}/members/${member.username}`)).toBe(204);
    const of = await ask(null, "GET", `/users/${member.username}/orgs`);
    expect(await expectGithubShape("get", "/users/{username}/orgs", of)).toMatchObject([{ login: name }]);
    expect(await (await ask(null, "GET", `/users/${owner.username}/orgs`)).json()).toEqual([]);
  });

  it("page with links, by role", async () => {
    const { name, owner, member } = await makeOrganization();
    const first = await ask(owner, "GET", `/orgs/${name}/members?per_page=1`);
    expect(first.headers.get("link")).toContain('rel="last"');
    const admins = await (await ask(owner, "GET", `/orgs/${name}/members?role=admin`)).json();
    expect(admins).toMatchObject([{ login: owner.username }]);
    const rest = await (await ask(owner, "GET", `/orgs/${name}/members?role=member`)).json();
    expect(rest).toMatchObject([{ login: member.username }]);
  });

  it("have memberships in GitHub's shape, pending until the invitation is taken", async () => {
    const { name, owner } = await makeOrganization();
    const person = await createPerson();
    const path = `/orgs/${name}/memberships/${person.username}`;
    const shape = "/orgs/{org}/memberships/{username}";
    const put = await ask(owner, "PUT", path, { role: "member" });
    expect(await expectGithubShape("put", shape, put)).toMatchObject({ state: "pending", role: "member" });
    const get = await ask(person, "GET", path);
    expect(await expectGithubShape("get", shape, get)).toMatchObject({ state: "pending" });
    const pending = await ask(person, "GET", "/user/memberships/orgs?state=pending");
    expect(await expectGithubShape("get", "/user/memberships/orgs", pending)).toHaveLength(1);
    const taken = await ask(person, "PATCH", `/user/memberships/orgs/${name}`, { state: "active" });
    expect(await expectGithubShape("patch", "/user/memberships/orgs/{org}", taken)).toMatchObject({
      state: "active",
    });
    const raised = await ask(owner, "PUT", path, { role: "admin" });
    expect(await expectGithubShape("put", shape, raised)).toMatchObject({ state: "active", role: "admin" });
    const own = await ask(person, "GET", "/user/memberships/orgs");
    expect(await expectGithubShape("get", "/user/memberships/orgs", own)).toMatchObject([{ role: "admin" }]);
  });

  it("who are removed are out of its teams and repositories, but for what they were given by name", async () => {
    const { name, owner, member } = await makeOrganization({ default_repository_permission: "none" });
    const [lent, named] = [
      await makeOrganizationRepository(owner, name, "private"),
      await makeOrganizationRepository(owner, name, "private"),
    ];
    const team = await makeTeam(owner, name);
    await insist(owner, "PUT", `/orgs/${name}/teams/${team.slug}/memberships/${member.username}`, {});
    await insist(owner, "PUT", `/orgs/${name}/teams/${team.slug}${lent.path}`, { permission: "push" });
    await insist(owner, "PUT", `${named.path}/collaborators/${member.username}`, { permission: "pull" });
    expect(await statusOf(member, "GET", lent.path)).toBe(200);
    await insist(owner, "DELETE", `/orgs/${name}/members/${member.username}`);
    expect(await statusOf(member, "GET", lent.path)).toBe(404);
    expect(await statusOf(member, "GET", named.path)).toBe(200);
    await join(owner, name, member);
    expect(await statusOf(member, "GET", lent.path)).toBe(404);
    await insist(member, "DELETE", `/orgs/${name}/memberships/${member.username}`);
    const outside = await ask(owner, "GET", `/orgs/${name}/outside_collaborators`);
    const listed = await expectGithubShape("get", "/orgs/{org}/outside_collaborators", outside);
    expect(listed).toMatchObject([{ login: member.username }]);
    await insist(owner, "DELETE", `/orgs/${name}/outside_collaborators/${member.username}`);
    expect(await statusOf(member, "GET", named.path)).toBe(404);
  });

  it("keep an owner: the last can't leave, be removed or be given less", async () => {
    const { name, owner, member } = await makeOrganization();
    const path = `/orgs/${name}/memberships/${owner.username}`;
    expect(await statusOf(owner, "DELETE", path)).toBe(409);
    expect(await statusOf(owner, "PUT", path, { role: "member" })).toBe(409);
    expect(await statusOf(member, "DELETE", path)).toBe(403);
    await insist(owner, "PUT", `/orgs/${name}/memberships/${member.username}`, { role: "admin" });
    await database.query.update(users).set({ suspendedAt: new Date() }).where(eq(users.id, member.id));
    expect(await statusOf(owner, "DELETE", path)).toBe(409);
    await database.query.update(users).set({ suspendedAt: null }).where(eq(users.id, member.id));
    expect(await statusOf(owner, "DELETE", path)).toBe(204);
  });

  it.each(["leave", "demote each other"])("keep an owner when the last two %s at once", async (how) => {
    for (let round = 0; round < 3; round++) {
      const { name, owner, member } = await makeOrganization();
      await insist(owner, "PUT", `/orgs/${name}/memberships/${member.username}`, { role: "admin" });
      const path = (person: { username: string }) => `/orgs/${name}/memberships/${person.username}`;
      const answers = await Promise.all(
        how === "leave"
          ? [statusOf(owner, "DELETE", path(owner)), statusOf(member, "DELETE", path(member))]
          : [
              statusOf(owner, "PUT", path(member), { role: "member" }),
              statusOf(member, "PUT", path(owner), { role: "member" }),
            ],
      );
      const succeeded = answers.filter((status) => status < 300);
      expect(succeeded).toHaveLength(1);
      expect(answers.filter((status) => status === 409 || status === 403)).toHaveLength(1);
    }
  });
});

describe("an invitation", () => {
  it("gives nothing before it is taken, is taken once, and only by whom it is for", async () => {
    const { name, owner } = await makeOrganization();
    const repository = await makeOrganizationRepository(owner, name, "private");
    const [invited, other] = [await createPerson(), await createPerson()];
    await insist(owner, "POST", `/orgs/${name}/invitations`, { login: invited.username });
    expect(await statusOf(invited, "GET", repository.path)).toBe(404);
    const take = (person: { token: string }) =>
      statusOf(person, "PATCH", `/user/memberships/orgs/${name}`, { state: "active" });
    expect(await take(other)).toBe(404);
    expect((await Promise.all([take(invited), take(invited), take(invited)])).sort()).toEqual([
      200, 404, 404,
    ]);
    expect(await statusOf(invited, "GET", repository.path)).toBe(200);
  });

  it("is withdrawn, or expires, and then can't be taken", async () => {
    const { name, owner, member } = await makeOrganization();
    const invited = await createPerson();
    const invite = () => insist(owner, "POST", `/orgs/${name}/invitations`, { login: invited.username });
    const take = () => statusOf(invited, "PATCH", `/user/memberships/orgs/${name}`, { state: "active" });
    const { id } = await (await invite()).json<{ id: number }>();
    expect(await statusOf(member, "GET", `/orgs/${name}/invitations`)).toBe(403);
    expect(await statusOf(member, "DELETE", `/orgs/${name}/invitations/${id}`)).toBe(403);
    expect(await (await ask(owner, "GET", `/orgs/${name}/invitations`)).json()).toMatchObject([
      { id, login: invited.username, role: "direct_member", inviter: { login: owner.username } },
    ]);
    await insist(owner, "DELETE", `/orgs/${name}/invitations/${id}`);
    expect(await take()).toBe(404);
    const second = await (await invite()).json<{ id: number }>();
    const expire = (expiresAt: Date) =>
      database.query.update(invitations).set({ expiresAt }).where(eq(invitations.id, second.id));
    await expire(new Date(Date.now() - 1));
    expect(await take()).toBe(404);
    expect(await (await ask(owner, "GET", `/orgs/${name}/invitations`)).json()).toEqual([]);
    await expire(new Date(Date.now() + 60_000));
    expect(await take()).toBe(200);
  });

  it("brings into teams that are still there, and is one of so many", async () => {
    const { name, owner } = await makeOrganization();
    const [kept, ended] = [await makeTeam(owner, name), await makeTeam(owner, name)];
    const invited = await createPerson();
    await insist(owner, "POST", `/orgs/${name}/invitations`, {
      ...{ login: invited.username, team_ids: [kept.id, ended.id] },
    });
    await insist(owner, "DELETE", `/orgs/${name}/teams/${ended.slug}`);
    await insist(invited, "PATCH", `/user/memberships/orgs/${name}`, { state: "active" });
    const members = await (await ask(invited, "GET", `/orgs/${name}/teams/${kept.slug}/members`)).json();
    expect(members).toMatchObject([{ login: invited.username }]);

    const { id: organizationId } = await (await ask(owner, "GET", `/orgs/${name}`)).json<{ id: number }>();
    const expiresAt = new Date(Date.now() + 60_000);
    const rows = Array.from({ length: INVITATIONS_OPEN_MAX - 1 }, (_, at) => ({
      ...{ organizationId, email: `${at}@example.com`, role: "member", expiresAt },
    }));
    await database.query.insert(invitations).values(rows);
    const [last, past] = [await createPerson(), await createPerson()];
    const invite = (login: string) => statusOf(owner, "POST", `/orgs/${name}/invitations`, { login });
    expect(await invite(last.username)).toBe(201);
    expect(await invite(past.username)).toBe(422);
  });
});

describe("the audit log", () => {
  it("tells of everything done to an organisation, in its own log", async () => {
    const { name, owner, member } = await makeOrganization({ description: "x" });
    await insist(owner, "DELETE", `/orgs/${name}/members/${member.username}`);
    const { id } = await (await ask(owner, "GET", `/orgs/${name}`)).json<{ id: number }>();
    const events = await database.query
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.ownerId, id))
      .orderBy(auditEvents.id);
    expect(events.map((event) => event.action)).toEqual([
      "organization.create",
      "organization.change",
      "organization.invite",
      "organization.invitation-accept",
      "organization.member-remove",
    ]);
    expect(events.at(-1)).toMatchObject({ actorName: owner.username, targetName: member.username });
  });
});

async function asActor(person: { id: number; username: string }) {
  const credential = { kind: "token" as const, tokenId: 0, scopes: ["admin"], repositoryIds: null };
  return { kind: "user" as const, userId: person.id, username: person.username, isAdmin: false, credential };
}
