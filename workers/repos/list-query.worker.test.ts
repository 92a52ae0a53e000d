// What lists of repositories are asked for in GitHub's words: order, kind, and whose they are.
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { repositories } from "../../schema/tables/git.ts";
import { createPerson, database, makeRepository, type Person } from "../testing/fixtures.ts";
import { ask, insist, makeOrganization, makeOrganizationRepository } from "../testing/organizations.ts";

async function namesOf(person: Person, path: string): Promise<string[]> {
  const answer = await insist(person, "GET", path);
  return (await answer.json<{ name: string }[]>()).map(({ name }) => name);
}

/** Three repositories, whose times are in three different orders. */
async function makeThree(person: Person) {
  const day = (number: number) => new Date(Date.UTC(2026, 0, number));
  const made = [];
  for (const [name, created, updated, pushed] of [
    ["b", 1, 12, 23],
    ["A", 2, 13, 21],
    ["c", 3, 11, 22],
  ] as const) {
    const { id } = await makeRepository(person, name === "c");
    const times = { createdAt: day(created), updatedAt: day(updated), pushedAt: day(pushed) };
    await database.query
      .update(repositories)
      .set({ name, ...times })
      .where(eq(repositories.id, id));
    made.push(id);
  }
  return made;
}

describe("a list of one's own repositories", () => {
  it.each([
    ["", ["A", "b", "c"]],
    ["sort=full_name&direction=desc", ["c", "b", "A"]],
    ["sort=created", ["c", "A", "b"]],
    ["sort=created&direction=asc", ["b", "A", "c"]],
    ["sort=updated", ["A", "b", "c"]],
    ["sort=pushed", ["b", "c", "A"]],
    ["visibility=private", ["c"]],
    ["type=public", ["A", "b"]],
    ["type=owner", ["A", "b", "c"]],
    ["type=member", []],
    ["since=2026-01-11T12:00:00Z", ["A", "b"]],
    ["before=2026-01-11T12:00:00Z", ["c"]],
    ["affiliation=collaborator,organization_member", []],
  ])("with %j has these, in this order", async (query, names) => {
    const person = await createPerson();
    await makeThree(person);
    expect(await namesOf(person, `/user/repos?${query}`)).toEqual(names);
  });

  it("has what one was let into, by how one was", async () => {
    const { name: org, owner, member } = await makeOrganization({ default_repository_permission: "read" });
    const ofOrganization = await makeOrganizationRepository(owner, org, "private");
    const friend = await createPerson();
    const shared = await makeRepository(friend, true);
    await insist(friend, "PUT", `/repos/${friend.username}/${shared.name}/collaborators/${member.username}`);
    const [invitation] = await (await insist(member, "GET", "/user/repository_invitations")).json<
      { id: number }[]
    >();
    await insist(member, "PATCH", `/user/repository_invitations/${invitation?.id}`);
    const own = await makeRepository(member);
    const by = (affiliation: string) => namesOf(member, `/user/repos?affiliation=${affiliation}`);
    expect(await by("owner")).toEqual([own.name]);
    expect(await by("collaborator")).toEqual([shared.name]);
    expect(await by("organization_member")).toEqual([ofOrganization.name]);
    expect(new Set(await namesOf(member, "/user/repos"))).toEqual(
      new Set([own.name, shared.name, ofOrganization.name]),
    );
    expect(new Set(await namesOf(member, "/user/repos?type=member"))).toEqual(
      new Set([shared.name, ofOrganization.name]),
    );
    expect(await namesOf(friend, "/user/repos?type=member")).toEqual([]);
  });

  it.each(["type=all&visibility=all", "type=owner&affiliation=owner", "affiliation=boss", "since=yesterday"])(
    "refuses %s",
    async (query) => {
      const { status } = await ask(await createPerson(), "GET", `/user/repos?${query}`);
      expect(status).toBe(422);
    },
  );
});

describe("a list of others' repositories", () => {
  it("is ordered as asked, and tells nobody what somebody else was let into", async () => {
    const [person, reader] = [await createPerson(), await createPerson()];
    await makeThree(person);
    const path = `/users/${person.username}/repos`;
    expect(await namesOf(reader, path)).toEqual(["A", "b"]);
    expect(await namesOf(reader, `${path}?sort=created&direction=asc`)).toEqual(["b", "A"]);
    expect((await ask(reader, "GET", `${path}?type=member`)).status).toBe(422);
  });

  it("of an organization has the kinds that GitHub tells apart, newest first", async () => {
    const { name: org, owner, member } = await makeOrganization({ default_repository_permission: "none" });
    const shown = await makeOrganizationRepository(owner, org, "public");
    const inner = await makeOrganizationRepository(owner, org, "internal");
    const hidden = await makeOrganizationRepository(owner, org, "private");
    const by = (person: Person, query: string) => namesOf(person, `/orgs/${org}/repos?${query}`);
    expect(await by(owner, "")).toEqual([hidden.name, inner.name, shown.name]);
    expect(await by(owner, "sort=created&direction=asc")).toEqual([shown.name, inner.name, hidden.name]);
    expect(await by(owner, "type=public")).toEqual([shown.name]);
    expect(await by(owner, "type=internal")).toEqual([inner.name]);
    expect(await by(owner, "type=private")).toEqual([hidden.name, inner.name]);
    expect(await by(owner, "type=forks")).toEqual([]);
    expect(await by(owner, "type=sources")).toHaveLength(3);
    expect(await by(member, "type=member")).toEqual([inner.name]);
  });
});

describe("a list of collaborators", () => {
  it("can be of those with one role", async () => {
    const person = await createPerson();
    const { name } = await makeRepository(person);
    const path = `/repos/${person.username}/${name}/collaborators`;
    const logins = async (query: string) =>
      (await (await insist(person, "GET", `${path}?${query}`)).json<{ login: string }[]>()).map(
        (one) => one.login,
      );
    expect(await logins("permission=admin")).toEqual([person.username]);
    expect(await logins("permission=pull")).toEqual([]);
  });
});

it("pages lists that are read whole: keys, addresses, rules", async () => {
  const person = await createPerson();
  const { name } = await makeRepository(person);
  const path = `/repos/${person.username}/${name}/keys`;
  for (const title of ["one", "two"]) await insist(person, "POST", path, { title });
  const first = await insist(person, "GET", `${path}?per_page=1`);
  expect(await first.json()).toHaveLength(1);
  expect(first.headers.get("link")).toContain('page=2>; rel="next"');
  expect(await (await insist(person, "GET", `${path}?per_page=1&page=3`)).json()).toEqual([]);
});
