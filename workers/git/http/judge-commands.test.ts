// Commands that are refused whatever the pack holds, and the words they are refused in.
import { describe, expect, it } from "vitest";
import { DEFAULT_REF_NAMESPACES } from "../../../schema/ref-namespaces.ts";
import { judgeCommands } from "./judge-commands.ts";

const [ZERO, A, B] = ["0", "a", "b"].map((digit) => digit.repeat(40)) as [string, string, string];
const CURRENT = new Map([["refs/heads/main", A]]);

describe("a command", () => {
  it.each([
    ["refs/heads/main", A, B, null],
    ["refs/tags/v1", ZERO, B, null],
    ["refs/notes/commits", ZERO, B, null],
    ["refs/heads/main", B, A, "fetch first"],
    ["refs/heads/main", ZERO, A, "fetch first"],
    ["refs/heads/gone", A, ZERO, "fetch first"],
    ["refs/heads/gone", ZERO, ZERO, null],
    ["refs/heads/a..b", ZERO, A, "funny refname"],
    ["HEAD", ZERO, A, "funny refname"],
    ["refs/plue/changes/1", ZERO, A, "refs/plue belongs to this site"],
    [
      "refs/pull/1/head",
      ZERO,
      A,
      "this repository takes only refs/heads, refs/tags, refs/notes; its settings can open more",
    ],
    ["refs/heads/HEAD", ZERO, A, "a branch or tag can't be called HEAD or like an object's id"],
    [`refs/tags/${B}`, ZERO, A, "a branch or tag can't be called HEAD or like an object's id"],
    [`refs/heads/${B}0`, ZERO, A, null],
    ["refs/heads/x/HEAD", ZERO, A, null],
    [
      "refs/stash",
      ZERO,
      A,
      "this repository takes only refs/heads, refs/tags, refs/notes; its settings can open more",
    ],
  ])("%s %s %s", (name, before, after, expected) => {
    expect(judgeCommands([{ name, before, after }], CURRENT, DEFAULT_REF_NAMESPACES)).toEqual([expected]);
  });

  it("deletes what was taken when more was open, but not what is the forge's own", () => {
    const current = new Map(["refs/pull/1/head", "refs/changes/1", "refs/plue/1"].map((name) => [name, A]));
    const deletions = [...current.keys()].map((name) => ({ name, before: A, after: ZERO }));
    expect(judgeCommands(deletions, current, DEFAULT_REF_NAMESPACES)).toEqual([
      ...[null, null, "refs/plue belongs to this site"],
    ]);
  });

  it("may name each ref once", () => {
    const twice = [
      { name: "refs/heads/main", before: A, after: B },
      { name: "refs/heads/main", before: A, after: ZERO },
      { name: "refs/heads/other", before: ZERO, after: B },
    ];
    const refusal = "multiple updates for ref not allowed";
    expect(judgeCommands(twice, CURRENT, DEFAULT_REF_NAMESPACES)).toEqual([refusal, refusal, null]);
  });
});
