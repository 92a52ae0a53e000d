// Collaborators and invitations to repositories through the API, in GitHub's shapes.
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { invitations } from "../../schema/tables/orgs.ts";
import { INVITATIONS_OPEN_MAX } from "../core/limits.ts";
import { createPerson, database, makeRepository } from "../testing/fixtures.ts";
import { expectGithubShape } from "../testing/github-shape.ts";
import { ask, insist, makeOrganization, makeOrganizationRepository } from "../testing/organizations.ts";

const statusOf = async (...call: Parameters<typeof ask>) => (await ask(...call)).status;

async function makePrivate() {
  const [owner, invited] = [await createPerson(), await createPerson()];
  const { id, name } = await makeRepository(owner, true);
  return { owner, invited, id, path: `/repos/${owner.username}/${name}` };
}

describe("a collaborator", () => {
  it("is invited, sees nothing, accepts, may what was offered, and is out at once when removed", async () => {
    const { owner, invited, path } = await makePrivate();
    const one = `${path}/collaborators/${invited.username}`;
    const put = await ask(owner, "PUT", one, { permission: "push" });
    expect(put.status).toBe(201);
    const invitation = await put.json<{ id: number }>();
    expect(await statusOf(invited, "GET", path)).toBe(404);
    expect(await statusOf(owner, "GET", one)).toBe(404);
    const shape = "/repos/{owner}/{repo}/invitations";
    const listed = await ask(owner, "GET", `${path}/invitations`);
    expect(await expectGithubShape("get", shape, listed)).toMatchObject([{ permissions: "write" }]);
    const changed = await ask(owner, "PATCH", `${path}/invitations/${invitation.id}`, {
      permissions: "read",
    });
    expect(await expectGithubShape("patch", `${shape}/{invitation_id}`, changed)).toMatchObject({
      permissions: "read",
    });
    const own = await ask(invited, "GET", "/user/repository_invitations");
    expect(await expectGithubShape("get", "/user/repository_invitations", own)).toHaveLength(1);
    const other = await createPerson();
    const take = (person: { token: string }) =>
      statusOf(person, "PATCH", `/user/repository_invitations/${invitation.id}`);
    expect(await take(other)).toBe(404);
    expect((await Promise.all([take(invited), take(invited)])).sort()).toEqual([204, 404]);
    expect(await statusOf(invited, "GET", path)).toBe(200);
    expect(await statusOf(invited, "GET", `${path}/collaborators`)).toBe(403);
    const permission = await ask(owner, "GET", `${one}/permission`);
    const shown = await expectGithubShape(
      "get",
      "/repos/{owner}/{repo}/collaborators/{username}/permission",
      permission,
    );
    expect(shown).toMatchObject({ permission: "read", role_name: "read" });
    expect(await statusOf(owner, "PUT", one, { permission: "maintain" })).toBe(204);
    const people = await ask(owner, "GET", `${path}/collaborators`);
    const all = await expectGithubShape("get", "/repos/{owner}/{repo}/collaborators", people);
    expect(all).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ login: owner.username, role_name: "admin" }),
        expect.objectContaining({ login: invited.username, role_name: "maintain" }),
      ]),
    );
    expect(await statusOf(owner, "DELETE", one)).toBe(204);
    expect(await statusOf(invited, "GET", path)).toBe(404);
  });

  it("may give up their part, and decline an invitation; nobody else may do it for them", async () => {
    const { owner, invited, path } = await makePrivate();
    const one = `${path}/collaborators/${invited.username}`;
    const invitation = await (await insist(owner, "PUT", one, { permission: "admin" })).json<{
      id: number;
    }>();
    await insist(invited, "DELETE", `/user/repository_invitations/${invitation.id}`);
    expect(await (await ask(owner, "GET", `${path}/invitations`)).json()).toEqual([]);
    const again = await (await insist(owner, "PUT", one, { permission: "push" })).json<{ id: number }>();
    await insist(invited, "PATCH", `/user/repository_invitations/${again.id}`);
    expect(await statusOf(invited, "DELETE", `${path}/collaborators/${owner.username}`)).toBe(403);
    expect(await statusOf(invited, "PUT", one, { permission: "admin" })).toBe(403);
    expect(await statusOf(invited, "DELETE", one)).toBe(204);
    expect(await statusOf(invited, "GET", path)).toBe(404);
  });

  it("is let in at once as a member of the organisation, and told apart from outsiders", async () => {
    const { name, owner, member } = await makeOrganization({ default_repository_permission: "none" });
    const { path } = await makeOrganizationRepository(owner, name, "private");
    expect(await statusOf(member, "GET", path)).toBe(404);
    const put = (username: string) =>
      statusOf(owner, "PUT", `${path}/collaborators/${username}`, { permission: "push" });
    expect(await put(member.username)).toBe(204);
    expect(await statusOf(member, "GET", path)).toBe(200);
    expect(await put("nobody-of-that-name")).toBe(404);
    expect(await put(name)).toBe(404);
    const list = async (affiliation: string) =>
      (await ask(owner, "GET", `${path}/collaborators?affiliation=${affiliation}`)).json();
    expect(await list("direct")).toMatchObject([{ login: member.username }]);
    expect(await list("outside")).toEqual([]);
    expect(await list("all")).toHaveLength(2);
  });

  it("can't be invited past the limit of open invitations, nor after an invitation has expired", async () => {
    const { owner, invited, id, path } = await makePrivate();
    const expiresAt = new Date(Date.now() + 60_000);
    const rows = Array.from({ length: INVITATIONS_OPEN_MAX - 1 }, (_, at) => ({
      ...{ repositoryId: id, email: `${at}@example.com`, role: "read", expiresAt },
    }));
    await database.query.insert(invitations).values(rows);
    const put = (username: string) => ask(owner, "PUT", `${path}/collaborators/${username}`, {});
    const made = await put(invited.username);
    expect(made.status).toBe(201);
    expect((await put((await createPerson()).username)).status).toBe(422);
    const invitation = await made.json<{ id: number }>();
    await database.query
      .update(invitations)
      .set({ expiresAt: new Date(Date.now() - 1) })
      .where(eq(invitations.id, invitation.id));
    const taken = await statusOf(invited, "PATCH", `/user/repository_invitations/${invitation.id}`);
    expect(taken).toBe(404);
  });
});
