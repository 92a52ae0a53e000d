// Teams through the API: their tree, who sees them, who is in them, what they have.
import { describe, expect, it } from "vitest";
import { teams } from "../../schema/tables/orgs.ts";
import { randomBase62 } from "../../schema/token.ts";
import { TEAM_LEVELS_MAX, TEAMS_PER_ORGANIZATION_MAX } from "../core/limits.ts";
import { createPerson, database } from "../testing/fixtures.ts";
import { expectGithubShape } from "../testing/github-shape.ts";
import {
  ask,
  insist,
  join,
  makeOrganization,
  makeOrganizationRepository,
  makeTeam,
} from "../testing/organizations.ts";

const statusOf = async (...call: Parameters<typeof ask>) => (await ask(...call)).status;

describe("a team", () => {
  it("is made, shown, changed and ended in GitHub's shapes", async () => {
    const { name, owner, member } = await makeOrganization();
    const shape = "/orgs/{org}/teams/{team_slug}";
    const made = await ask(owner, "POST", `/orgs/${name}/teams`, { name: "Ärger & Co", privacy: "closed" });
    const team = await expectGithubShape("post", "/orgs/{org}/teams", made);
    expect(team).toMatchObject({ slug: "arger-co", name: "Ärger & Co", privacy: "closed" });
    const child = await makeTeam(owner, name, (team as { id: number }).id);
    const shown = await ask(member, "GET", `/orgs/${name}/teams/${child.slug}`);
    expect(await expectGithubShape("get", shape, shown)).toMatchObject({ parent: { slug: "arger-co" } });
    const listed = await ask(member, "GET", `/orgs/${name}/teams`);
    expect(await expectGithubShape("get", "/orgs/{org}/teams", listed)).toHaveLength(2);
    const within = await ask(member, "GET", `/orgs/${name}/teams/arger-co/teams`);
    expect(await expectGithubShape("get", `${shape}/teams`, within)).toMatchObject([{ slug: child.slug }]);
    const path = `/orgs/${name}/teams/${child.slug}`;
    expect(await statusOf(member, "PATCH", path, { name: "Mine" })).toBe(403);
    const patched = await ask(owner, "PATCH", path, { name: "Other", parent_team_id: null });
    expect(await patched.json()).toMatchObject({ slug: "other", parent: null });
    expect(await statusOf(owner, "POST", `/orgs/${name}/teams`, { name: "other" })).toBe(422);
    expect(await statusOf(owner, "POST", `/orgs/${name}/teams`, { name: "&&&" })).toBe(422);
    await insist(owner, "DELETE", `/orgs/${name}/teams/other`);
    expect(await statusOf(owner, "GET", `/orgs/${name}/teams/other`)).toBe(404);
  });

  it("never lies within itself, nor does when two are moved into each other at once", async () => {
    const { name, owner } = await makeOrganization();
    const top = await makeTeam(owner, name);
    const below = await makeTeam(owner, name, top.id);
    const lowest = await makeTeam(owner, name, below.id);
    const move = (slug: string, parent: number) =>
      statusOf(owner, "PATCH", `/orgs/${name}/teams/${slug}`, { parent_team_id: parent });
    expect(await move(top.slug, top.id)).toBe(422);
    expect(await move(top.slug, lowest.id)).toBe(422);
    for (let round = 0; round < 3; round++) {
      const [left, right] = [await makeTeam(owner, name), await makeTeam(owner, name)];
      const answers = await Promise.all([move(left.slug, right.id), move(right.slug, left.id)]);
      expect(answers.sort()).toEqual([200, 422]);
    }
  });

  it(`lies at most ${TEAM_LEVELS_MAX} deep, also when a whole branch is moved`, async () => {
    const { name, owner } = await makeOrganization();
    const line = [await makeTeam(owner, name)];
    for (let level = 2; level <= TEAM_LEVELS_MAX; level++) {
      line.push(await makeTeam(owner, name, line.at(-1)?.id));
    }
    const make = (parent: number | undefined) =>
      statusOf(owner, "POST", `/orgs/${name}/teams`, {
        ...{ name: randomBase62(8), parent_team_id: parent, privacy: "closed" },
      });
    expect(await make(line.at(-1)?.id)).toBe(422);
    const above = await makeTeam(owner, name);
    const move = (slug: string | undefined) =>
      statusOf(owner, "PATCH", `/orgs/${name}/teams/${slug}`, { parent_team_id: above.id });
    expect(await move(line[0]?.slug)).toBe(422);
    expect(await move(line[1]?.slug)).toBe(200);
  });

  it(`is one of at most ${TEAMS_PER_ORGANIZATION_MAX}`, async () => {
    const { name, owner } = await makeOrganization();
    const { id: organizationId } = await (await ask(owner, "GET", `/orgs/${name}`)).json<{ id: number }>();
    const rows = Array.from({ length: TEAMS_PER_ORGANIZATION_MAX - 1 }, (_, at) => ({
      ...{ organizationId, slug: `t${at}`, name: `t${at}` },
    }));
    await database.query.insert(teams).values(rows);
    expect(await statusOf(owner, "POST", `/orgs/${name}/teams`, { name: "last" })).toBe(201);
    expect(await statusOf(owner, "POST", `/orgs/${name}/teams`, { name: "past" })).toBe(422);
  });

  it("that is secret is there for its members and the owners alone, in lists and counts too", async () => {
    const { name, owner, member } = await makeOrganization();
    const other = await createPerson();
    await join(owner, name, other);
    const team = await makeTeam(owner, name, null, "secret");
    const closed = await makeTeam(owner, name);
    const path = `/orgs/${name}/teams/${team.slug}`;
    await insist(owner, "PUT", `${path}/memberships/${member.username}`, {});
    for (const [person, status, count] of [
      [owner, 200, 2],
      [member, 200, 2],
      [other, 404, 1],
    ] as const) {
      expect(await statusOf(person, "GET", path)).toBe(status);
      expect(await statusOf(person, "GET", `${path}/members`)).toBe(status);
      const listed = await ask(person, "GET", `/orgs/${name}/teams?per_page=1`);
      expect(listed.headers.get("link")?.includes('page=2>; rel="last"') ?? false).toBe(count === 2);
    }
    const stranger = await createPerson();
    expect(await statusOf(stranger, "GET", `/orgs/${name}/teams`)).toBe(404);
    expect(await statusOf(stranger, "GET", `/orgs/${name}/teams/${closed.slug}`)).toBe(404);
    expect(await statusOf(owner, "PATCH", path, { parent_team_id: closed.id })).toBe(422);
    expect(await statusOf(owner, "PATCH", path, { parent_team_id: closed.id, privacy: "closed" })).toBe(200);
  });

  it("takes in members of the organisation alone, by its maintainers too", async () => {
    const { name, owner, member } = await makeOrganization();
    const [second, outsider, payer] = [await createPerson(), await createPerson(), await createPerson()];
    await join(owner, name, second);
    await join(owner, name, payer, "billing_manager");
    const { slug } = await makeTeam(owner, name);
    const path = `/orgs/${name}/teams/${slug}/memberships`;
    const shape = "/orgs/{org}/teams/{team_slug}/memberships/{username}";
    expect(await statusOf(member, "PUT", `${path}/${second.username}`, {})).toBe(403);
    const put = await ask(owner, "PUT", `${path}/${member.username}`, { role: "maintainer" });
    expect(await expectGithubShape("put", shape, put)).toMatchObject({ role: "maintainer" });
    expect(await statusOf(member, "PUT", `${path}/${second.username}`, {})).toBe(200);
    expect(await statusOf(member, "PUT", `${path}/${outsider.username}`, {})).toBe(422);
    expect(await statusOf(member, "PUT", `${path}/${payer.username}`, {})).toBe(422);
    expect(await statusOf(payer, "GET", `/orgs/${name}/teams/${slug}`)).toBe(404);
    const got = await ask(second, "GET", `${path}/${member.username}`);
    expect(await expectGithubShape("get", shape, got)).toMatchObject({ role: "maintainer" });
    const listed = await ask(second, "GET", `/orgs/${name}/teams/${slug}/members`);
    expect(await expectGithubShape("get", "/orgs/{org}/teams/{team_slug}/members", listed)).toHaveLength(2);
    expect(await statusOf(second, "DELETE", `${path}/${member.username}`)).toBe(403);
    expect(await statusOf(second, "DELETE", `${path}/${second.username}`)).toBe(204);
    await insist(owner, "PATCH", `/orgs/${name}/teams/${slug}`, { description: "x" });
    expect(await statusOf(member, "DELETE", `/orgs/${name}/teams/${slug}`)).toBe(403);
  });

  it("has the repositories of its organisation it was lent, and what its parents were", async () => {
    const { name, owner, member } = await makeOrganization({ default_repository_permission: "none" });
    const repository = await makeOrganizationRepository(owner, name, "private");
    const hidden = await makeOrganizationRepository(owner, name, "private");
    const top = await makeTeam(owner, name);
    const below = await makeTeam(owner, name, top.id);
    await insist(owner, "PUT", `/orgs/${name}/teams/${below.slug}/memberships/${member.username}`, {});
    const lend = (slug: string, path: string, permission: string) =>
      statusOf(owner, "PUT", `/orgs/${name}/teams/${slug}${path}`, { permission });
    expect(await statusOf(member, "GET", repository.path)).toBe(404);
    expect(await lend(top.slug, repository.path, "pull")).toBe(204);
    expect(await statusOf(member, "GET", repository.path)).toBe(200);
    expect(await lend(below.slug, repository.path, "push")).toBe(204);
    const shape = "/orgs/{org}/teams/{team_slug}/repos";
    const listed = await ask(member, "GET", `/orgs/${name}/teams/${below.slug}/repos`);
    expect(await expectGithubShape("get", shape, listed)).toMatchObject([
      { name: repository.name, role_name: "write", permissions: { push: true, admin: false } },
    ]);
    const one = await ask(member, "GET", `/orgs/${name}/teams/${below.slug}${repository.path}`);
    expect(await expectGithubShape("get", `${shape}/{owner}/{repo}`, one)).toMatchObject({
      role_name: "write",
    });
    const lentTo = await ask(owner, "GET", `${repository.path}/teams`);
    expect(await expectGithubShape("get", "/repos/{owner}/{repo}/teams", lentTo)).toHaveLength(2);
    expect(await statusOf(member, "GET", `/orgs/${name}/teams/${top.slug}${hidden.path}`)).toBe(404);
    expect(await statusOf(member, "PUT", `/orgs/${name}/teams/${top.slug}${repository.path}`, {})).toBe(403);
    const elsewhere = await makeOrganization();
    const foreign = await makeOrganizationRepository(elsewhere.owner, elsewhere.name, "public");
    expect(await lend(top.slug, foreign.path, "admin")).toBe(403);
    await insist(owner, "DELETE", `/orgs/${name}/teams/${below.slug}${repository.path}`);
    expect(await statusOf(owner, "DELETE", `/orgs/${name}/teams/${below.slug}${repository.path}`)).toBe(404);
    await insist(owner, "DELETE", `/orgs/${name}/teams/${top.slug}`);
    expect(await statusOf(member, "GET", repository.path)).toBe(404);
  });
});
