// Commands that are refused whatever the pack holds, and the words they are refused in.
import { describe, expect, it } from "vitest";
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
    ["refs/plue/changes/1", ZERO, A, "only branches, tags and notes can be pushed"],
    ["refs/pull/1/head", ZERO, A, "only branches, tags and notes can be pushed"],
    ["refs/heads/HEAD", ZERO, A, "a branch or tag can't be called HEAD or like an object's id"],
    [`refs/tags/${B}`, ZERO, A, "a branch or tag can't be called HEAD or like an object's id"],
    [`refs/heads/${B}0`, ZERO, A, null],
    ["refs/heads/x/HEAD", ZERO, A, null],
    ["refs/stash", ZERO, A, "only branches, tags and notes can be pushed"],
  ])("%s %s %s", (name, before, after, expected) => {
    expect(judgeCommands([{ name, before, after }], CURRENT)).toEqual([expected]);
  });

  it("may name each ref once", () => {
    const twice = [
      { name: "refs/heads/main", before: A, after: B },
      { name: "refs/heads/main", before: A, after: ZERO },
      { name: "refs/heads/other", before: ZERO, after: B },
    ];
    const refusal = "multiple updates for ref not allowed";
    expect(judgeCommands(twice, CURRENT)).toEqual([refusal, refusal, null]);
  });
});
