// What may be changed of a repository over REST, where its former names lead, and what is left when it has gone.
import { env } from "cloudflare:test";
import { and, asc, eq } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { auditEvents } from "../../schema/tables/auth.ts";
import { packs, refs, repositories, repositoryRedirects } from "../../schema/tables/git.ts";
import { DESCRIPTION_CHARACTERS_MAX } from "../core/limits.ts";
import { sweepOrphans } from "../git/housekeeping/sweep-orphans.ts";
import { ZERO_OID } from "../git/object/oid.ts";
import { repositoryPrefix } from "../git/store/keys.ts";
import { createPerson, database, send } from "../testing/fixtures.ts";
import { expectGithubShape } from "../testing/github-shape.ts";
import { housekeeping } from "../testing/keep-house.ts";
import { makeCommit, PushedRepository } from "../testing/pushed-repository.ts";

let repository: PushedRepository;
beforeEach(async () => {
  repository = await PushedRepository.create();
});

const call = (method: string, path: string, body?: object, token = repository.person.token) =>
  send(path, { method, token, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
const here = () => `/api/v3/repos${repository.path}`;
const patch = (body: object, token?: string) => call("PATCH", here(), body, token);
const readRow = async () => {
  const [row] = await database.query.select().from(repositories).where(eq(repositories.id, repository.id));
  return row;
};
const listActions = async () => {
  const rows = await database.query
    .select({ action: auditEvents.action })
    .from(auditEvents)
    .where(and(eq(auditEvents.repositoryId, repository.id), eq(auditEvents.actorId, repository.person.id)))
    .orderBy(asc(auditEvents.id));
  return rows.map(({ action }) => action);
};

describe("PATCH /repos/:owner/:repo", () => {
  it("changes what is said of it, who sees it and which branch is looked at, in GitHub's shape", async () => {
    const { oid } = await repository.commit("main", { a: "a\n" });
    await repository.move("refs/heads/next", ZERO_OID, oid);
    const epoch = (await readRow())?.accessEpoch ?? 0;
    const body = { description: "Better", private: true, default_branch: "next" };
    const changed = await expectGithubShape("PATCH", "/repos/{owner}/{repo}", await patch(body));
    expect(changed).toMatchObject({ ...body, visibility: "private" });
    expect((await readRow())?.accessEpoch).toBe(epoch + 1);
    expect((await call("GET", here(), undefined, (await createPerson()).token)).status).toBe(404);
    const advertised = await send(`${repository.path}.git/info/refs?service=git-upload-pack`, {
      headers: { authorization: `Basic ${btoa(`x:${repository.person.token}`)}` },
    });
    expect(await advertised.text()).toContain("symref=HEAD:refs/heads/next");
    expect(await listActions()).toContain("repository.visibility");
  });

  it.each([
    [{ default_branch: "none" }, "default_branch"],
    [{ visibility: "internal" }, "visibility"],
    [{ name: "../up" }, "name"],
    [{ description: "x".repeat(DESCRIPTION_CHARACTERS_MAX + 1) }, "description"],
  ])("refuses %j", async (body, field) => {
    const answer = await patch(body);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ errors: [{ field }] });
    expect(await listActions()).toEqual([]);
  });

  it("is for those who may, and takes a description of the full length", async () => {
    const stranger = await createPerson();
    expect((await patch({ description: "Mine" }, stranger.token)).status).toBe(403);
    expect((await call("DELETE", here(), undefined, stranger.token)).status).toBe(403);
    expect((await patch({ description: "x".repeat(DESCRIPTION_CHARACTERS_MAX) })).status).toBe(200);
  });

  it("archives it, which leaves it to be read and nothing else", async () => {
    const first = await repository.commit("main", { a: "a\n" });
    expect(await (await patch({ archived: true })).json()).toMatchObject({ archived: true });
    const next = makeCommit({ a: "b\n" }, first.oid);
    expect(await repository.push("refs/heads/main", first.oid, next.oid, next.pack)).toContain(
      "This repository is archived",
    );
    expect((await call("POST", `${here()}/statuses/${first.oid}`, { state: "success" })).status).toBe(403);
    expect((await patch({ name: "other" })).status).toBe(403);
    expect(await (await send(repository.path)).text()).toContain("archived");
    expect((await patch({ archived: false })).status).toBe(200);
    await repository.move("refs/heads/main", first.oid, next.oid, next.pack);
  });
});

describe("a repository that is called otherwise", () => {
  it("is found under its former names, by whatever way", async () => {
    const { name, path } = repository;
    await repository.commit("main", { a: "a\n" });
    await patch({ name: `${name}-2` });
    expect((await call("PATCH", `${here()}-2`, { name: `${name}-3` })).status).toBe(200);
    for (const former of [path, `${path}-2`]) {
      const leads = async (prefix: string, rest: string, method = "GET") => {
        const answer = await send(`${prefix}${former}${rest}`, { method });
        return [answer.status, answer.headers.get("location")];
      };
      expect(await leads("", "/tree/main?x=1")).toEqual([301, `${path}-3/tree/main?x=1`]);
      expect(await leads("", "/runs/1/cancel", "POST")).toEqual([308, `${path}-3/runs/1/cancel`]);
      expect(await leads("/api/v3/repos", "/branches")).toEqual([301, `/api/v3/repos${path}-3/branches`]);
      expect(await leads("/api/v3/repos", "", "PATCH")).toEqual([307, `/api/v3/repos${path}-3`]);
      const service = "/info/refs?service=git-upload-pack";
      expect(await leads("", `.git${service}`)).toEqual([301, `${path}-3.git${service}`]);
    }
  });

  it("tells its new name to nobody who may not read it", async () => {
    const { name, path } = repository;
    await patch({ name: `${name}-2`, private: true });
    const stranger = await createPerson();
    expect((await call("GET", `/api/v3/repos${path}`, undefined, stranger.token)).status).toBe(404);
    expect((await send(path)).status).toBe(404);
    expect((await send(`${path}.git/info/refs?service=git-upload-pack`)).status).toBe(401);
    expect((await call("GET", `/api/v3/repos${path}`)).status).toBe(301);
  });

  it("is led to no longer once another has the name, nor when it takes its own name back", async () => {
    const { name, path } = repository;
    await patch({ name: `${name}-2` });
    await call("POST", "/api/v3/user/repos", { name: name.toUpperCase() });
    expect((await call("GET", `/api/v3/repos${path}`)).status).toBe(200);
    await call("DELETE", `/api/v3/repos${path}`);
    expect((await call("GET", `/api/v3/repos${path}`)).status).toBe(404);
    await call("PATCH", `/api/v3/repos${path}-2`, { name });
    expect((await call("GET", `/api/v3/repos${path}`)).status).toBe(200);
    const left = await database.query
      .select({ name: repositoryRedirects.name })
      .from(repositoryRedirects)
      .where(eq(repositoryRedirects.repositoryId, repository.id));
    expect(left).toEqual([{ name: `${name}-2` }]);
  });

  it("gets no name that another of the same owner has, though two ask at once", async () => {
    const other = `${repository.name}-x`;
    const [renamed, made] = await Promise.all([
      patch({ name: other }),
      call("POST", "/api/v3/user/repos", { name: other }),
    ]);
    expect([renamed.status, made.status].sort()).toEqual(renamed.status === 200 ? [200, 422] : [201, 422]);
  });
});

describe("POST …/transfer", () => {
  it("gives it to an organisation, under the old name of which it is still found", async () => {
    const organization = `o${repository.name}`;
    const made = await call("POST", "/api/v3/orgs", { login: organization });
    expect(made.status).toBe(201);
    const given = await call("POST", `${here()}/transfer`, { new_owner: organization, new_name: "moved" });
    expect(await expectGithubShape("POST", "/repos/{owner}/{repo}/transfer", given)).toMatchObject({
      full_name: `${organization}/moved`,
      owner: { login: organization, type: "Organization" },
    });
    const led = await call("GET", here());
    expect(led.headers.get("location")).toBe(`/api/v3/repos/${organization}/moved`);
  });

  it("forces it upon nobody", async () => {
    const stranger = await createPerson();
    const answer = await call("POST", `${here()}/transfer`, { new_owner: stranger.username });
    expect(await expectGithubShape("POST", "/repos/{owner}/{repo}/transfer", answer)).toMatchObject({
      owner: { login: repository.person.username },
    });
    const theirs = `o${repository.name}`;
    await call("POST", "/api/v3/orgs", { login: theirs }, stranger.token);
    const refused = await call("POST", `${here()}/transfer`, { new_owner: theirs });
    expect([403, 404]).toContain(refused.status);
    expect((await call("GET", here())).status).toBe(200);
  });
});

describe("DELETE /repos/:owner/:repo", () => {
  it("leaves nothing in the database, and in R2 only what the sweep of orphans finds", async () => {
    await repository.commitMany(2);
    expect((await call("DELETE", here())).status).toBe(204);
    expect((await call("GET", here())).status).toBe(404);
    const left = await database.query.select().from(refs).where(eq(refs.repositoryId, repository.id));
    const packed = await database.query.select().from(packs).where(eq(packs.repositoryId, repository.id));
    expect([left, packed]).toEqual([[], []]);
    expect((await listActions()).at(-1)).toBe("repository.delete");
    const prefix = repositoryPrefix(repository.id);
    expect((await env.OBJECTS.list({ prefix })).objects.length).toBeGreaterThan(0);
    const options = { graceMs: 0, passMs: 0, keysPerSlice: 1000, name: prefix, prefix };
    expect((await sweepOrphans(housekeeping(), options)).isPassOver).toBe(true);
    expect((await env.OBJECTS.list({ prefix })).objects).toEqual([]);
  });
});
