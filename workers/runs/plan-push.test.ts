// What a push would start: which definitions are read, which match, and what the pusher is told.
import { describe, expect, it } from "vitest";
import { DEFINITION_BYTES_MAX, DEFINITIONS_PER_COMMIT_MAX, RUNS_PER_PUSH_MAX } from "../core/limits.ts";
import { createMemoryObjects, type MemoryTree } from "../testing/memory-objects.ts";
import { describePush, planPush } from "./plan-push.ts";

const ZERO = "0".repeat(40);
const CI = "on: push\njobs: {a: {steps: [{run: x}]}}\n";
const URL = "http://plue.test/o/r";

const pushOf = (after: string, name = "refs/heads/main") => ({ name, before: ZERO, after });
const workflows = (files: MemoryTree): MemoryTree => ({
  ".plue": { workflows: files },
  "README.md": "hello\n",
});

async function planFiles(files: MemoryTree) {
  const memory = createMemoryObjects();
  return planPush(memory.objects, [pushOf(memory.commit(workflows(files)))]);
}

describe("planPush", () => {
  it("starts each workflow that matches, at the commit, with its subject", async () => {
    const memory = createMemoryObjects();
    const oid = memory.commit(
      workflows({ "ci.yaml": CI, "tags.yml": CI.replace("push", "{push: {tags: ['*']}}") }),
      "Fix it\n\nWhy.\n",
    );
    const plan = await planPush(memory.objects, [pushOf(oid)]);
    expect(plan.files.map((file) => file.path)).toEqual([
      ".plue/workflows/ci.yaml",
      ".plue/workflows/tags.yml",
    ]);
    expect(plan.runs).toMatchObject([
      { ref: "refs/heads/main", headSha: oid, title: "Fix it", file: { name: "ci.yaml" } },
    ]);
  });

  it("follows an annotated tag, even of a tag, to its commit", async () => {
    const memory = createMemoryObjects();
    const commit = memory.commit(workflows({ "ci.yaml": CI }));
    const tag = memory.tag(memory.tag(commit, "commit"), "tag");
    const plan = await planPush(memory.objects, [pushOf(tag, "refs/tags/v1")]);
    expect(plan.runs).toMatchObject([{ ref: "refs/tags/v1", headSha: commit }]);
  });

  it("starts nothing for a deletion, a note, a commit without definitions, or other files", async () => {
    const memory = createMemoryObjects();
    const [plain, ci] = [memory.commit({ a: "a" }), memory.commit(workflows({ "ci.yaml": CI }))];
    const others = memory.commit(workflows({ "notes.txt": "x", sub: { "ci.yaml": CI } }));
    const plan = await planPush(memory.objects, [
      { name: "refs/heads/gone", before: ci, after: ZERO },
      pushOf(ci, "refs/notes/commits"),
      pushOf(plain),
      pushOf(others),
    ]);
    expect(plan).toEqual({ runs: [], files: [] });
  });

  it("reads a commit's definitions once, however many refs point at it", async () => {
    const memory = createMemoryObjects();
    const oid = memory.commit(workflows({ "ci.yaml": CI, "other.yaml": CI }));
    const countReads = async (refCount: number) => {
      let reads = 0;
      const objects = {
        ...memory.objects,
        readObject: (id: string) => {
          reads++;
          return memory.objects.readObject(id);
        },
      };
      const names = Array.from({ length: refCount }, (_, at) => `refs/heads/b${at}`);
      const plan = await planPush(
        objects,
        names.map((name) => pushOf(oid, name)),
      );
      expect([plan.files.length, plan.runs.length]).toEqual([2, 2 * refCount]);
      return reads;
    };
    expect(await countReads(1000)).toBe(await countReads(1));
  });

  it("goes on with the others when a definition is broken", async () => {
    const plan = await planFiles({
      "bad.yaml": "on: push\njobs: [",
      "ci.yaml": CI,
      "flow.py": "",
      "raw.yaml": new Uint8Array([0xff]),
    });
    expect(plan.runs).toHaveLength(1);
    const lines = describePush(plan, [{ id: 9, number: 4 }], URL);
    expect(lines).toEqual([
      expect.stringMatching(/^Plue: \.plue\/workflows\/bad\.yaml:2:\d+: /),
      "Plue: .plue/workflows/flow.py:1:1: Python workflows aren't supported yet; write this one as YAML",
      "Plue: .plue/workflows/raw.yaml:1:1: the file isn't valid UTF-8",
      `Plue: 1 workflow matched, run ${URL}/runs/4`,
    ]);
  });

  it("reads a definition of as many bytes as may be, and not one more", async () => {
    const ofBytes = (bytes: number) => CI + "#".repeat(bytes - CI.length);
    expect((await planFiles({ "ci.yaml": ofBytes(DEFINITION_BYTES_MAX) })).runs).toHaveLength(1);
    const plan = await planFiles({ "ci.yaml": ofBytes(DEFINITION_BYTES_MAX + 1) });
    expect(plan.runs).toHaveLength(0);
    expect(describePush(plan, [], URL)[0]).toContain(`at most ${DEFINITION_BYTES_MAX} bytes`);
  });

  it("reads as many definitions as may be, and names those past them", async () => {
    const count = (files: number) =>
      planFiles(
        Object.fromEntries(
          Array.from({ length: files }, (_, at) => [`w${String(at).padStart(4, "0")}.yaml`, CI]),
        ),
      );
    expect((await count(DEFINITIONS_PER_COMMIT_MAX)).runs).toHaveLength(DEFINITIONS_PER_COMMIT_MAX);
    const plan = await count(DEFINITIONS_PER_COMMIT_MAX + 1);
    expect(plan.runs).toHaveLength(DEFINITIONS_PER_COMMIT_MAX);
    expect(describePush(plan, [], URL).join("\n")).toContain("w0100.yaml:1:1: a commit has at most");
  });
});

describe("describePush", () => {
  it("says when nothing matched, and nothing at all without definitions", async () => {
    expect(describePush(await planFiles({ "ci.yaml": CI.replace("push", "schedule") }), [], URL).at(-1)).toBe(
      "Plue: no workflow matched",
    );
    expect(describePush({ runs: [], files: [] }, [], URL)).toEqual([]);
  });
  it("says how many runs the limit left out", async () => {
    const plan = await planFiles(
      Object.fromEntries(Array.from({ length: RUNS_PER_PUSH_MAX + 2 }, (_, at) => [`w${at}.yaml`, CI])),
    );
    const made = Array.from({ length: RUNS_PER_PUSH_MAX }, (_, at) => ({ id: at, number: at + 1 }));
    expect(describePush(plan, made, URL).at(-1)).toContain(`at most ${RUNS_PER_PUSH_MAX} runs; 2 more`);
  });
});
