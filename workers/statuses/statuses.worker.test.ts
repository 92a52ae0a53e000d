// Commit statuses over REST in GitHub's shapes, and those that runs write.
import { beforeEach, expect, it } from "vitest";
import { commitStatuses } from "../../schema/tables/git.ts";
import { STATUSES_PER_CONTEXT_MAX } from "../core/limits.ts";
import { createPerson, database, makeRun, send } from "../testing/fixtures.ts";
import { expectGithubShape } from "../testing/github-shape.ts";
import { PushedRepository } from "../testing/pushed-repository.ts";

let repository: PushedRepository;
let sha: string;
beforeEach(async () => {
  repository = await PushedRepository.create();
  sha = (await repository.commit("main", { "a.txt": "one\n" })).oid;
});

const call = (path: string, body?: object, token = repository.person.token) =>
  send(`/api/v3/repos${repository.path}${path}`, {
    token,
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
const say = (body: object, token?: string) => call(`/statuses/${sha}`, body, token);

it("are said, listed newest first, and come to one state", async () => {
  const target = "https://ci.example/1";
  const said = await expectGithubShape(
    "POST",
    "/repos/{owner}/{repo}/statuses/{sha}",
    await say({ state: "pending", context: "ci", target_url: target, description: "Building" }),
  );
  expect(said).toMatchObject({
    state: "pending",
    target_url: target,
    creator: { login: repository.person.username },
  });
  await say({ state: "success", context: "ci" });
  await say({ state: "failure", context: "lint" });
  const combined = await expectGithubShape(
    "GET",
    "/repos/{owner}/{repo}/commits/{ref}/status",
    await call("/commits/main/status"),
  );
  expect(combined).toMatchObject({
    ...{ state: "failure", sha, total_count: 2 },
    statuses: [{ context: "ci", state: "success" }, { context: "lint" }],
  });
  const listed = await expectGithubShape(
    "GET",
    "/repos/{owner}/{repo}/commits/{ref}/statuses",
    await call(`/commits/${sha}/statuses?per_page=2`),
  );
  expect(listed).toMatchObject([{ context: "lint" }, { context: "ci", state: "success" }]);
});

it.each([
  [{ state: "great" }, "state"],
  [{ state: "success", target_url: "javascript:alert(1)" }, "target_url"],
  [{ state: "success", context: "x".repeat(256) }, "context"],
  [{ state: "success", description: "x".repeat(141) }, "description"],
])("refuses %j", async (body, field) => {
  const answer = await say(body);
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ errors: [{ field }] });
});

it("refuses what is no commit of the repository, and who may not write", async () => {
  expect((await call(`/statuses/${"f".repeat(40)}`, { state: "success" })).status).toBe(422);
  const stranger = await createPerson();
  expect((await say({ state: "success" }, stranger.token)).status).toBe(403);
});

it("takes so many of one context, and not one more", async () => {
  const row = { repositoryId: repository.id, oid: sha, context: "ci", state: "pending" };
  await database.query
    .insert(commitStatuses)
    .values(Array.from({ length: STATUSES_PER_CONTEXT_MAX - 1 }, () => row));
  expect((await say({ state: "success", context: "ci" })).status).toBe(201);
  expect((await say({ state: "success", context: "ci" })).status).toBe(422);
  expect((await say({ state: "success", context: "other" })).status).toBe(201);
});

it("are written by runs as they are made and as they are cancelled, each state once", async () => {
  const run = await makeRun(
    repository.person,
    repository.id,
    "name: ci\non: push\njobs:\n  a:\n    steps:\n      - run: true\n",
  );
  const list = async () => {
    const rows = await database.query.select().from(commitStatuses);
    return rows.filter((row) => row.runId === run.id).map(({ context, state }) => [context, state]);
  };
  expect(await list()).toEqual([["plue/ci", "pending"]]);
  const cancel = () => send(`/api/runs/${run.id}/cancel`, { method: "POST", token: repository.person.token });
  await cancel();
  await cancel();
  expect(await list()).toEqual([
    ["plue/ci", "pending"],
    ["plue/ci", "error"],
  ]);
});
