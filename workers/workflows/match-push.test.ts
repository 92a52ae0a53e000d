// Which pushes start a workflow.
import { describe, expect, it } from "vitest";
import type { PushFilter } from "./definition.ts";
import { MatchBudget, matchPush } from "./match-push.ts";

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

describe("the budget", () => {
  it("ends all matching once it is spent", () => {
    const budget = new MatchBudget(100);
    expect(matchPush(filter({ branches: ["main"] }), "refs/heads/main", budget)).toBe(true);
    const many = filter({ branches: Array.from({ length: 100 }, (_, at) => `b${at}`) });
    expect(matchPush(many, "refs/heads/main", budget)).toBe(false);
    expect(budget.isSpent).toBe(true);
    expect(matchPush(filter({}), "refs/heads/main", budget)).toBe(false);
    expect(matchPush(filter({ branchesIgnore: ["x"] }), "refs/heads/main", budget)).toBe(false);
  });
});
