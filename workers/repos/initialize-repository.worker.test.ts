// Repositories that are made with `auto_init`: their first commit is one as any other that was pushed.
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { refOperations } from "../../schema/tables/git.ts";
import { createPerson, database, send } from "../testing/fixtures.ts";
import { expectGithubShape } from "../testing/github-shape.ts";
import { ask, insist, makeOrganization } from "../testing/organizations.ts";

describe("a repository that is made with auto_init", () => {
  it("has a commit of its maker's with a README on its default branch, with an operation as of a push", async () => {
    const person = await createPerson();
    const answer = await ask(person, "POST", "/user/repos", {
      ...{ name: "demo", description: "A <b>demo</b>", private: true, auto_init: true },
    });
    expect(answer.status).toBe(201);
    const made = (await expectGithubShape("post", "/user/repos", answer)) as { id: number };
    const branch = await insist(person, "GET", `/repos/${person.username}/demo/branches/main`);
    const shape = "/repos/{owner}/{repo}/branches/{branch}";
    expect(await expectGithubShape("get", shape, branch)).toMatchObject({
      name: "main",
      commit: {
        commit: {
          message: "Initial commit\n",
          author: { name: person.username, email: `${person.username}@users.noreply.plue.test` },
        },
        parents: [],
      },
    });
    const file = await send(`/${person.username}/demo/raw/main/README.md`, { token: person.token });
    expect(await file.text()).toBe("# demo\n\nA <b>demo</b>\n");
    const found = await database.query
      .select()
      .from(refOperations)
      .where(eq(refOperations.repositoryId, made.id));
    expect(found).toMatchObject([{ kind: "push", actorId: person.id }]);
  });

  it("can be an organization's", async () => {
    const { name, owner } = await makeOrganization();
    await insist(owner, "POST", `/orgs/${name}/repos`, { name: "demo", auto_init: true });
    const branches = await insist(owner, "GET", `/repos/${name}/demo/branches`);
    expect(await branches.json()).toMatchObject([{ name: "main" }]);
  });

  it("is empty where that isn't asked for", async () => {
    const person = await createPerson();
    await insist(person, "POST", "/user/repos", { name: "demo", auto_init: false });
    const branches = await insist(person, "GET", `/repos/${person.username}/demo/branches`);
    expect(await branches.json()).toEqual([]);
  });
});
