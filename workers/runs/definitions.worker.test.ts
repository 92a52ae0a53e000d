// Definitions in the database: parsed once a blob, read again by a newer parser, shown without being parsed; and runs whose
// plans are too long together.
import { and, eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { workflowDefinitions, workflowRuns } from "../../schema/tables/runs.ts";
import { PLAN_CHARACTERS_PER_PUSH_MAX } from "../core/limits.ts";
import { createPerson, database, makeRepository } from "../testing/fixtures.ts";
import { createMemoryObjects, type MemoryTree, Symlink } from "../testing/memory-objects.ts";
import { readKnownDefinitions } from "./known-definitions.ts";
import { planPush } from "./plan-push.ts";
import { readWorkflows } from "./workflows-service.ts";
import { writeRuns } from "./write-runs.ts";

const CI =
  "name: CI\non: [push, issues]\njobs:\n  a: {steps: [{run: x}]}\n  b: {needs: a, steps: [{run: y}]}\n";

async function openRepository() {
  const person = await createPerson();
  const { id: repositoryId } = await makeRepository(person);
  const memory = createMemoryObjects();
  const reads: string[] = [];
  const objects: typeof memory.objects = {
    ...memory.objects,
    readObject: (oid) => {
      reads.push(oid);
      return memory.objects.readObject(oid);
    },
  };
  const commit = (files: MemoryTree) => memory.commit({ ".plue": { workflows: files } });
  async function push(oid: string, refs = ["refs/heads/main"]) {
    const updates = refs.map((name) => ({ name, before: "0".repeat(40), after: oid }));
    const readKnown = (files: readonly { path: string; blobOid: string }[]) =>
      readKnownDefinitions(database, repositoryId, files);
    const plan = await planPush({ objects, readKnown, defaultBranch: "main" }, updates);
    const started = await database.transaction((transaction) =>
      writeRuns(transaction, { repositoryId, actorId: person.id }, plan, updates),
    );
    return { plan, started };
  }
  const rows = () =>
    database.query
      .select()
      .from(workflowDefinitions)
      .where(eq(workflowDefinitions.repositoryId, repositoryId));
  const show = (oid: string) => readWorkflows(database, repositoryId, objects, oid);
  return { repositoryId, reads, commit, push, rows, show };
}

describe("a definition", () => {
  it("is parsed once, whatever pushes bring it again, and is the same row for all its runs", async () => {
    const { repositoryId, reads, commit, push, rows } = await openRepository();
    await push(commit({ "ci.yaml": CI, "bad.yaml": "[" }));
    const blobs = (await rows()).map(({ blobOid }) => blobOid);
    expect(blobs).toHaveLength(2);
    reads.length = 0;
    const { plan, started } = await push(commit({ "ci.yaml": CI, "bad.yaml": "[" }), [
      "refs/heads/b",
      "refs/tags/c",
    ]);
    expect(reads.filter((oid) => blobs.includes(oid))).toEqual([]);
    expect(plan.files.map(({ parsed }) => parsed.parsed)).toEqual([false, true]);
    expect(started.made).toHaveLength(2);
    const runs = await database.query
      .select({ definitionId: workflowRuns.definitionId })
      .from(workflowRuns)
      .where(eq(workflowRuns.repositoryId, repositoryId));
    expect(new Set(runs.map(({ definitionId }) => definitionId)).size).toBe(1);
  });

  it("is read again by another version of the parser", async () => {
    const { repositoryId, reads, commit, push, rows } = await openRepository();
    const oid = commit({ "ci.yaml": CI });
    await push(oid);
    const [row] = await rows();
    await database.query
      .update(workflowDefinitions)
      .set({ parserVersion: 0, definition: { name: "of another shape" } })
      .where(and(eq(workflowDefinitions.repositoryId, repositoryId)));
    reads.length = 0;
    expect((await push(oid)).started.made).toHaveLength(1);
    expect(reads).toContain(row?.blobOid);
    expect(await rows()).toEqual([row]);
  });

  it("is shown as it was parsed, and no file is read for that", async () => {
    const { reads, commit, push, rows, show } = await openRepository();
    const pushed = commit({
      "bad.yaml": "on: push\njobs: {}\n",
      "ci.yaml": CI,
      "link.yaml": new Symlink("ci.yaml"),
    });
    await push(pushed);
    const blobs = (await rows()).map(({ blobOid }) => blobOid);
    reads.length = 0;
    expect(await show(pushed)).toEqual([
      {
        ...{ path: ".plue/workflows/bad.yaml", name: "bad.yaml", notices: [], events: [], jobs: [] },
        error: { message: "`jobs` needs at least one job", line: 2, column: 7 },
      },
      {
        ...{ path: ".plue/workflows/ci.yaml", name: "CI", error: null, events: ["push"] },
        notices: [expect.objectContaining({ message: expect.stringContaining("the event issues") })],
        jobs: [
          { key: "a", name: "a", needs: [] },
          { key: "b", name: "b", needs: ["a"] },
        ],
      },
      expect.objectContaining({
        path: ".plue/workflows/link.yaml",
        error: expect.objectContaining({ message: expect.stringContaining("is a symbolic link") }),
      }),
    ]);
    expect(reads.filter((oid) => blobs.includes(oid))).toEqual([]);
    expect(await show(commit({ "new.yaml": `${CI}\n` }))).toMatchObject([
      { name: "new.yaml", error: { message: expect.stringContaining("hasn't been read yet") } },
    ]);
  });
});

it("the plans of a push's runs have a limit together", async () => {
  const { commit, push } = await openRepository();
  const script = "x".repeat(PLAN_CHARACTERS_PER_PUSH_MAX / 40);
  const oid = commit({ "ci.yaml": `on: push\njobs: {a: {steps: [{run: ${script}}]}}` });
  const refs = Array.from({ length: 41 }, (_, at) => `refs/heads/b${at}`);
  const { started } = await push(oid, refs);
  // Beside the script each plan has some hundred characters of its own.
  expect([started.made.length, started.left]).toEqual([39, 2]);
});
