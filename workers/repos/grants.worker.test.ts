// Where a role in a repository comes from: every source by itself, the highest of several, and who gets nothing.
// Both directions are asked: what one person has (`roleIn`), and who has something in one repository.
import { eq } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import type { RepositoryRole } from "../../schema/roles.ts";
import { users } from "../../schema/tables/auth.ts";
import { repositories } from "../../schema/tables/git.ts";
import {
  collaborators,
  organizationMembers,
  organizations,
  teamMembers,
  teamRepositories,
  teams,
} from "../../schema/tables/orgs.ts";
import { randomBase62 } from "../../schema/token.ts";
import { createPerson, database, type Person, send } from "../testing/fixtures.ts";
import { listPeople } from "./collaborators-store.ts";
import { listRepositoriesOf, listRepositoriesWithin, roleIn } from "./service.ts";

const { query } = database;

async function makeOwner(baseRole: "none" | "read" | "write" | "admin") {
  const username = `o${randomBase62(12)}`;
  const [account] = await query
    .insert(users)
    .values({ username, kind: "organization" })
    .returning({ id: users.id });
  const id = account?.id ?? 0;
  await query.insert(organizations).values({ id, baseRole });
  return { id, username };
}

async function makeRepository(ownerId: number, visibility: "public" | "internal" | "private" = "private") {
  const name = `r${randomBase62(10)}`;
  const [row] = await query.insert(repositories).values({ ownerId, name, visibility }).returning();
  return { id: row?.id ?? 0, name };
}

async function makeTeamRow(organizationId: number, parentId: number | null = null) {
  const slug = `t${randomBase62(8).toLowerCase()}`;
  const [row] = await query.insert(teams).values({ organizationId, slug, name: slug, parentId }).returning();
  return row?.id ?? 0;
}

const belong = (organizationId: number, userId: number, role: "owner" | "member" | "billing") =>
  query.insert(organizationMembers).values({ organizationId, userId, role });

const lend = (teamId: number, repositoryId: number, role: RepositoryRole) =>
  query.insert(teamRepositories).values({ teamId, repositoryId, role });

const everybody = { page: 1, offset: 0, limit: 100 };

/**
 * The role as looked up for the person, which must be the one that the repository's list of people tells; and the
 * lists of repositories must hold it just then, or when it is public.
 */
async function roleOf(person: { id: number }, repositoryId: number) {
  const role = await roleIn(database, repositoryId, person.id);
  const { people } = await listPeople(query, repositoryId, { affiliation: "all" }, everybody);
  expect(people.find((one) => one.id === person.id)?.role ?? null).toBe(role);
  const session = { kind: "session" as const, sessionId: 0, csrfToken: "", provedAt: new Date() };
  const actor = {
    kind: "user" as const,
    userId: person.id,
    username: "",
    isAdmin: false,
    credential: session,
  };
  const [row] = await query.select().from(repositories).where(eq(repositories.id, repositoryId));
  const listed = await listRepositoriesWithin(database, actor, [repositoryId], everybody);
  expect(listed.total).toBe(role !== null || row?.visibility === "public" ? 1 : 0);
  return role;
}

let person: Person;
beforeAll(async () => {
  person = await createPerson();
});

describe("a role", () => {
  it("is admin for who owns the repository", async () => {
    const { id } = await makeRepository(person.id);
    expect(await roleOf(person, id)).toBe("admin");
    expect(await roleOf(await createPerson(), id)).toBeNull();
  });

  it.each(["none", "read", "write", "admin"] as const)(
    "is what an organisation with base role %s gives to owners, members and who pays",
    async (baseRole) => {
      const organization = await makeOwner(baseRole);
      const [owner, member, payer] = [await createPerson(), await createPerson(), await createPerson()];
      await belong(organization.id, owner.id, "owner");
      await belong(organization.id, member.id, "member");
      await belong(organization.id, payer.id, "billing");
      const base = baseRole === "none" ? null : baseRole;
      for (const visibility of ["public", "internal", "private"] as const) {
        const { id } = await makeRepository(organization.id, visibility);
        expect(await roleOf(owner, id)).toBe("admin");
        expect(await roleOf(member, id)).toBe(visibility === "internal" ? (base ?? "read") : base);
        expect(await roleOf(payer, id)).toBeNull();
        expect(await roleOf(await createPerson(), id)).toBeNull();
      }
    },
  );

  it("is what a collaborator was given, in that repository alone", async () => {
    const organization = await makeOwner("none");
    const [given, other] = [await makeRepository(organization.id), await makeRepository(organization.id)];
    const outsider = await createPerson();
    await query.insert(collaborators).values({ repositoryId: given.id, userId: outsider.id, role: "triage" });
    expect(await roleOf(outsider, given.id)).toBe("triage");
    expect(await roleOf(outsider, other.id)).toBeNull();
  });

  it("comes from a team and from every team above it, not from those beneath or beside", async () => {
    const organization = await makeOwner("none");
    const top = await makeTeamRow(organization.id);
    const middle = await makeTeamRow(organization.id, top);
    const low = await makeTeamRow(organization.id, middle);
    const beside = await makeTeamRow(organization.id, top);
    await belong(organization.id, person.id, "member");
    await query.insert(teamMembers).values({ teamId: middle, userId: person.id });
    for (const [team, role, expected] of [
      [top, "read", "read"],
      [middle, "maintain", "maintain"],
      [low, "admin", null],
      [beside, "admin", null],
    ] as const) {
      const { id } = await makeRepository(organization.id);
      await lend(team, id, role);
      expect(await roleOf(person, id)).toBe(expected);
    }
  });

  it("is the highest of all that are given", async () => {
    const organization = await makeOwner("read");
    const member = await createPerson();
    await belong(organization.id, member.id, "member");
    const { id } = await makeRepository(organization.id, "internal");
    expect(await roleOf(member, id)).toBe("read");
    const team = await makeTeamRow(organization.id);
    await query.insert(teamMembers).values({ teamId: team, userId: member.id });
    await lend(team, id, "triage");
    expect(await roleOf(member, id)).toBe("triage");
    await query.insert(collaborators).values({ repositoryId: id, userId: member.id, role: "maintain" });
    expect(await roleOf(member, id)).toBe("maintain");
    await lend(await makeTeamRow(organization.id), id, "admin");
    expect(await roleOf(member, id)).toBe("maintain");
  });

  it("isn't given by a team to who isn't a member, nor in another owner's repository", async () => {
    const [organization, other] = [await makeOwner("none"), await makeOwner("none")];
    const [payer, stranger, member] = [await createPerson(), await createPerson(), await createPerson()];
    await belong(organization.id, payer.id, "billing");
    await belong(organization.id, member.id, "member");
    const team = await makeTeamRow(organization.id);
    for (const { id } of [payer, stranger, member]) {
      await query.insert(teamMembers).values({ teamId: team, userId: id });
    }
    const [own, foreign] = [await makeRepository(organization.id), await makeRepository(other.id)];
    await lend(team, own.id, "write");
    await lend(team, foreign.id, "write");
    expect(await roleOf(payer, own.id)).toBeNull();
    expect(await roleOf(stranger, own.id)).toBeNull();
    expect(await roleOf(member, own.id)).toBe("write");
    expect(await roleOf(member, foreign.id)).toBeNull();
  });

  it("of a suspended person opens nothing and is told to nobody", async () => {
    const organization = await makeOwner("write");
    const member = await createPerson();
    await belong(organization.id, member.id, "member");
    const { id, name } = await makeRepository(organization.id);
    const path = `/api/v3/repos/${organization.username}/${name}`;
    expect((await send(path, { token: member.token })).status).toBe(200);
    await query.update(users).set({ suspendedAt: new Date() }).where(eq(users.id, member.id));
    expect((await send(path, { token: member.token })).status).toBe(401);
    expect((await listPeople(query, id, { affiliation: "all" }, everybody)).people).toEqual([]);
  });
});

describe("lists and totals", () => {
  it("hold what a person may see and nothing of the rest", async () => {
    const organization = await makeOwner("none");
    const [member, stranger] = [await createPerson(), await createPerson()];
    await belong(organization.id, member.id, "member");
    const [shown, internal, secret] = [
      await makeRepository(organization.id, "public"),
      await makeRepository(organization.id, "internal"),
      await makeRepository(organization.id, "private"),
    ];
    const see = async (actorToken: Person | null) => {
      const response = await send(`/api/v3/orgs/${organization.username}/repos?per_page=1`, {
        ...(actorToken === null ? {} : { token: actorToken.token }),
      });
      const last = /[?&]page=(\d+)>; rel="last"/.exec(response.headers.get("link") ?? "")?.[1];
      return Number(last ?? (await response.json<unknown[]>()).length);
    };
    expect([await see(null), await see(stranger), await see(member)]).toEqual([1, 1, 2]);
    await query.insert(collaborators).values({ repositoryId: secret.id, userId: stranger.id, role: "read" });
    expect(await see(stranger)).toBe(2);
    const limited = {
      kind: "user" as const,
      ...{ userId: member.id, username: member.username, isAdmin: false },
      credential: { kind: "token" as const, tokenId: 1, scopes: ["admin"], repositoryIds: [internal.id] },
    };
    const listed = await listRepositoriesOf(database, limited, organization.id, everybody);
    expect(listed).toMatchObject({ total: 1, repositories: [{ id: internal.id }] });
    expect(shown.id).not.toBe(internal.id);
  });
});
