// Which pushes start a workflow.
import { describe, expect, it } from "vitest";
import type { PushFilter } from "./definition.ts";
import { matchGlob, matchPush } from "./match-push.ts";

const filter = (part: Partial<PushFilter>): PushFilter => ({
  branches: null,
  branchesIgnore: null,
  tags: null,
  tagsIgnore: null,
  ...part,
});

describe("matchPush", () => {
  it.each<[Partial<PushFilter> | null, string, boolean]>([
    [null, "refs/heads/main", false],
    [{}, "refs/heads/main", true],
    [{}, "refs/tags/v1", true],
    [{}, "refs/notes/commits", false],
    [{ branches: ["main"] }, "refs/heads/main", true],
    [{ branches: ["main"] }, "refs/heads/maine", false],
    [{ branches: ["main"] }, "refs/tags/v1", false],
    [{ tags: ["v*"] }, "refs/tags/v1", true],
    [{ tags: ["v*"] }, "refs/heads/main", false],
    [{ branches: ["**"], tags: ["v*"] }, "refs/heads/a/b", true],
    [{ branchesIgnore: ["wip/**"] }, "refs/heads/wip/a/b", false],
    [{ branchesIgnore: ["wip/**"] }, "refs/heads/main", true],
    [{ branches: ["release/**", "!release/**-alpha"] }, "refs/heads/release/1-alpha", false],
    [
      { branches: ["release/**", "!release/**-alpha", "release/2-alpha"] },
      "refs/heads/release/2-alpha",
      true,
    ],
    [{ branches: ["!main"] }, "refs/heads/other", false],
  ])("%j on %s: %s", (part, ref, expected) => {
    expect(matchPush(part && filter(part), ref)).toBe(expected);
  });
});

describe("matchGlob", () => {
  it.each<[string, string, boolean]>([
    ["feature/*", "feature/a", true],
    ["feature/*", "feature/a/b", false],
    ["feature/**", "feature/a/b", true],
    ["*", "a/b", false],
    ["**", "a/b", true],
    ["v[12].[0-9]+", "v1.10", true],
    ["v[12].[0-9]+", "v3.1", false],
    ["main?", "mai", true],
    ["a\\*b", "a*b", true],
    ["a\\*b", "axb", false],
    ["", "", true],
    ["a.c", "abc", false],
  ])("%s on %s: %s", (pattern, name, expected) => {
    expect(matchGlob(pattern, name)).toBe(expected);
  });

  it("takes a hostile pattern in no more than the product of its lengths", () => {
    expect(matchGlob("*a".repeat(60), "a".repeat(400))).toBe(true);
    expect(matchGlob(`${"*a".repeat(60)}b`, "a".repeat(400))).toBe(false);
  });
});
