// What a push would start: which definitions are read, which match, and what the pusher is told.
import { describe, expect, it } from "vitest";
import {
  DEFINITION_BYTES_MAX,
  DEFINITION_BYTES_PER_COMMIT_MAX,
  DEFINITION_LINES_PER_PUSH_MAX,
  DEFINITIONS_PER_COMMIT_MAX,
  PARSED_BYTES_PER_PUSH_MAX,
  PARSING_PER_PUSH_MS,
  PLANNED_FOLDERS_PER_PUSH_MAX,
  PLANNED_REFS_PER_PUSH_MAX,
  RUNS_PER_PUSH_MAX,
} from "../core/limits.ts";
import { createMemoryObjects, type MemoryTree, Symlink } from "../testing/memory-objects.ts";
import { MatchBudget } from "../workflows/match-push.ts";
import { PARSER_VERSION } from "../workflows/parse-workflow.ts";
import { type DefinitionFile, keyOf } from "./change-store.ts";
import { ParsingBudget } from "./definitions.ts";
import { describePush, type PlanSources, planPush } from "./plan-push.ts";

const ZERO = "0".repeat(40);
const CI = "on: push\njobs: {a: {steps: [{run: x}]}}\n";
const URL = "http://plue.test/o/r";

const pushOf = (after: string, name = "refs/heads/main") => ({ name, before: ZERO, after });
const workflows = (files: MemoryTree): MemoryTree => ({
  ".plue": { workflows: files },
  "README.md": "hello\n",
});

/** A repository in which nothing was pushed before, unless `known` says. */
const sourcesOf = (objects: PlanSources["objects"], known: readonly DefinitionFile[] = []): PlanSources => ({
  objects,
  readKnown: async () => new Map(known.map((file) => [keyOf(file), file])),
  defaultBranch: "main",
});

async function planFiles(files: MemoryTree, more: Partial<PlanSources> = {}) {
  const memory = createMemoryObjects();
  const sources = { ...sourcesOf(memory.objects), ...more };
  return planPush(sources, [pushOf(memory.commit(workflows(files)))]);
}
const started = (made: { id: number; number: number }[], left = 0) => ({ made, left });

describe("planPush", () => {
  it("starts each workflow that matches, at the commit, with its subject", async () => {
    const memory = createMemoryObjects();
    const oid = memory.commit(
      workflows({ "ci.yaml": CI, "tags.yml": CI.replace("push", "{push: {tags: ['*']}}") }),
      "Fix it\n\nWhy.\n",
    );
    const plan = await planPush(sourcesOf(memory.objects), [pushOf(oid)]);
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
    const plan = await planPush(sourcesOf(memory.objects), [pushOf(tag, "refs/tags/v1")]);
    expect(plan.runs).toMatchObject([{ ref: "refs/tags/v1", headSha: commit }]);
  });

  it("starts nothing for a deletion, a note, a commit without definitions, or other files", async () => {
    const memory = createMemoryObjects();
    const [plain, ci] = [memory.commit({ a: "a" }), memory.commit(workflows({ "ci.yaml": CI }))];
    const others = memory.commit(workflows({ "notes.txt": "x", sub: { "ci.yaml": CI } }));
    const plan = await planPush(sourcesOf(memory.objects), [
      { name: "refs/heads/gone", before: ci, after: ZERO },
      pushOf(ci, "refs/notes/commits"),
      pushOf(plain),
      pushOf(others),
    ]);
    expect(plan).toEqual({ runs: [], files: [], notices: [] });
  });

  it("goes on with the others when a definition is broken", async () => {
    const plan = await planFiles({
      "bad.yaml": "on: push\njobs: [",
      "ci.yaml": CI,
      "flow.py": "",
      "raw.yaml": new Uint8Array([0xff]),
    });
    expect(plan.runs).toHaveLength(1);
    const lines = describePush(plan, started([{ id: 9, number: 4 }]), URL);
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
    expect(describePush(plan, started([]), URL)[0]).toContain(`at most ${DEFINITION_BYTES_MAX} bytes`);
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
    expect(describePush(plan, started([]), URL).join("\n")).toContain("w0100.yaml:1:1: a commit has at most");
  });
});

describe("the budget of a push", () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, at) => `refs/heads/b${String(at).padStart(5, "0")}`);

  /** Counts the objects that are read. */
  function counting(objects: PlanSources["objects"]) {
    const reads: string[] = [];
    const readObject: typeof objects.readObject = (oid) => {
      reads.push(oid);
      return objects.readObject(oid);
    };
    return { reads, objects: { ...objects, readObject } };
  }

  it("reads the definitions of one commit once, however many refs point at it", async () => {
    const memory = createMemoryObjects();
    const oid = memory.commit(workflows({ "ci.yaml": CI }));
    const one = counting(memory.objects);
    await planPush(sourcesOf(one.objects), [pushOf(oid)]);
    const all = counting(memory.objects);
    const plan = await planPush(
      sourcesOf(all.objects),
      many(PLANNED_REFS_PER_PUSH_MAX).map((name) => pushOf(oid, name)),
    );
    expect(all.reads).toEqual(one.reads);
    expect(plan.runs).toHaveLength(PLANNED_REFS_PER_PUSH_MAX);
    expect(plan.notices).toEqual([]);
  });

  it("plans as many refs as may be, the default branch first, and says how many more there are", async () => {
    const memory = createMemoryObjects();
    const oid = memory.commit(workflows({ "ci.yaml": CI }));
    const refs = [...many(PLANNED_REFS_PER_PUSH_MAX), "refs/heads/main"];
    const plan = await planPush(
      sourcesOf(memory.objects),
      refs.map((name) => pushOf(oid, name)),
    );
    expect(plan.runs).toHaveLength(PLANNED_REFS_PER_PUSH_MAX);
    expect(plan.runs[0]?.ref).toBe("refs/heads/main");
    expect(describePush(plan, started([]), URL).join("\n")).toContain("1 more were left out");
  });

  it.each([0, 1])("reads as many different folders as may be, and %d past them", async (past) => {
    const memory = createMemoryObjects();
    const refs = many(PLANNED_FOLDERS_PER_PUSH_MAX + past).map((name) =>
      pushOf(memory.commit(workflows({ "ci.yaml": `${CI}# ${name}\n` })), name),
    );
    const plan = await planPush(sourcesOf(memory.objects), refs);
    expect(plan.runs).toHaveLength(PLANNED_FOLDERS_PER_PUSH_MAX);
    expect(plan.notices).toHaveLength(past);
  });

  it("parses no blob that a push had parsed before", async () => {
    const memory = createMemoryObjects();
    const first = await planPush(sourcesOf(memory.objects), [
      pushOf(memory.commit(workflows({ "ci.yaml": CI, "bad.yaml": "[" }))),
    ]);
    expect(first.files.map(({ parserVersion }) => parserVersion)).toEqual([PARSER_VERSION, PARSER_VERSION]);
    const watched = counting(memory.objects);
    const again = memory.commit(workflows({ "ci.yaml": CI, "bad.yaml": "[", "new.yaml": `${CI}\n` }));
    const plan = await planPush(sourcesOf(watched.objects, first.files), [pushOf(again)]);
    expect(plan.runs).toHaveLength(2);
    const blobs = new Set(plan.files.map(({ blobOid }) => blobOid));
    expect(watched.reads.filter((oid) => blobs.has(oid))).toHaveLength(1);
  });

  it("leaves what costs too much to the next push", async () => {
    let nowMs = 0;
    const parsing = new ParsingBudget(() => nowMs++ * (PARSING_PER_PUSH_MS / 2));
    const plan = await planFiles({ "a.yaml": CI, "b.yaml": `${CI}\n`, "c.yaml": `${CI}\n\n` }, { parsing });
    expect(plan.files.map(({ parserVersion }) => parserVersion)).toEqual([PARSER_VERSION, 0, 0]);
    expect(describePush(plan, started([]), URL).join("\n")).toContain(
      "b.yaml:1:1: this push has too much to read",
    );
    const spent = new ParsingBudget(() => 0);
    expect([spent.take(PARSED_BYTES_PER_PUSH_MAX), spent.take(1)]).toEqual([true, false]);
    expect(new ParsingBudget(() => 0).take(PARSED_BYTES_PER_PUSH_MAX + 1)).toBe(false);
  });

  it("holds the definitions of one commit to their bytes together", async () => {
    const count = DEFINITION_BYTES_PER_COMMIT_MAX / DEFINITION_BYTES_MAX;
    const files = Array.from({ length: count }, (_, at): [string, string] => {
      const head = `${CI}# ${at} `;
      return [`w${at}.yaml`, head + "#".repeat(DEFINITION_BYTES_MAX - head.length)];
    });
    expect((await planFiles(Object.fromEntries(files))).runs).toHaveLength(count);
    const past = await planFiles({ ...Object.fromEntries(files), "x.yaml": "#" });
    expect(past.files.at(-1)).toMatchObject({ parserVersion: null, parsed: { parsed: false } });
  });

  it("stops matching when that costs too much, and says so", async () => {
    const plan = await planFiles(
      { "ci.yaml": CI.replace("push", "{push: {branches: ['a*', main]}}") },
      { matching: new MatchBudget(5) },
    );
    expect([plan.runs, plan.notices]).toEqual([[], [expect.stringContaining("not every ref")]]);
  });

  it("tells the pusher of so many problems and no more", async () => {
    const files = Object.fromEntries(
      Array.from({ length: DEFINITION_LINES_PER_PUSH_MAX + 1 }, (_, at) => [`w${at}.yaml`, "["]),
    );
    const lines = describePush(await planFiles(files), started([]), URL);
    expect(lines.filter((line) => line.includes(".yaml:"))).toHaveLength(DEFINITION_LINES_PER_PUSH_MAX);
    expect(lines).toContain(`Plue: … and 1 more: ${URL}/workflows`);
  });
});

describe("what isn't a file", () => {
  it("is said to be a symbolic link, in the folder and in its place", async () => {
    const plan = await planFiles({ "ci.yaml": new Symlink("../../ci.yaml") });
    expect(describePush(plan, started([]), URL)[0]).toBe(
      "Plue: .plue/workflows/ci.yaml:1:1: the file is a symbolic link, which isn't followed; put the file itself there",
    );
    const memory = createMemoryObjects();
    const linked = memory.commit({ ".plue": { workflows: new Symlink("../ci") } });
    const other = await planPush(sourcesOf(memory.objects), [pushOf(linked)]);
    expect(describePush(other, started([]), URL)[0]).toContain(".plue/workflows is a symbolic link");
    const file = memory.commit({ ".plue": "x" });
    const third = await planPush(sourcesOf(memory.objects), [pushOf(file)]);
    expect(describePush(third, started([]), URL)[0]).toContain(".plue is a file; workflows are files in");
  });
});

describe("describePush", () => {
  it("tells notices as text, with their place", async () => {
    const plan = await planFiles({ "ci.yaml": CI.replace("push", "[push, pull_request]") });
    expect(describePush(plan, started([]), URL)[0]).toBe(
      "Plue: .plue/workflows/ci.yaml:1:5: the event pull_request isn't supported yet and won't start this workflow",
    );
  });

  it("says when nothing matched, and nothing at all without definitions", async () => {
    expect(
      describePush(await planFiles({ "ci.yaml": CI.replace("push", "schedule") }), started([]), URL).at(-1),
    ).toBe("Plue: no workflow matched");
    expect(describePush({ runs: [], files: [], notices: [] }, started([]), URL)).toEqual([]);
  });
  it("says how many runs the limit left out", async () => {
    const plan = await planFiles(
      Object.fromEntries(Array.from({ length: RUNS_PER_PUSH_MAX + 2 }, (_, at) => [`w${at}.yaml`, CI])),
    );
    const made = Array.from({ length: RUNS_PER_PUSH_MAX }, (_, at) => ({ id: at, number: at + 1 }));
    expect(describePush(plan, started(made, 2), URL).at(-1)).toContain(
      `at most ${RUNS_PER_PUSH_MAX} runs; 2 more`,
    );
  });
});
