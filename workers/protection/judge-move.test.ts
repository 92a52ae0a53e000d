// Which rule a branch is under, what it has against a move, and who isn't held to it.
import { describe, expect, it } from "vitest";
import type { BranchRules } from "../../schema/tables/git.ts";
import { ZERO_OID } from "../git/object/oid.ts";
import { FIRST_RULES } from "./first-rules.ts";
import { findRule, listViolations, type MoveFacts, type Mover, mayBypass } from "./judge-move.ts";

const [OLD, NEW] = ["a".repeat(40), "b".repeat(40)] as [string, string];
const rule = (id: number, pattern: string, priority = 0) => ({ id, pattern, priority, rules: FIRST_RULES });
const writer: Mover = { userId: 7, role: "write", teamIds: [3] };

describe("findRule", () => {
  it.each([
    ["nothing matches", [rule(1, "main")], "dev", undefined],
    ["the name before the glob", [rule(1, "**"), rule(2, "main")], "main", 2],
    ["the longer glob", [rule(1, "*"), rule(2, "ma*")], "main", 2],
    ["the older of equals", [rule(2, "m*n"), rule(1, "ma*")], "main", 1],
    ["the higher priority, even of a glob", [rule(1, "main"), rule(2, "*", 1)], "main", 2],
    ["priority below zero yields", [rule(1, "main", -1), rule(2, "*")], "main", 2],
    ["a star stops at a slash", [rule(1, "*")], "a/b", undefined],
  ])("%s", (_what, rules, branch, id) => {
    expect(findRule(rules, branch)?.id).toBe(id);
    expect(findRule([...rules].reverse(), branch)?.id).toBe(id);
  });
});

const noFacts: MoveFacts = {
  isFastForward: () => true,
  findUnmetContexts: async () => [],
  findMerge: async () => null,
  findUnsigned: async () => null,
  findProtectedPath: async () => null,
};

const judge = (
  rules: Partial<BranchRules>,
  { before = OLD, after = NEW, kind = "push" as "push" | "merge", facts = {} as Partial<MoveFacts> } = {},
) =>
  listViolations(
    { ...FIRST_RULES, ...rules },
    { name: "refs/heads/main", before, after, peeled: null },
    kind,
    writer,
    { ...noFacts, ...facts },
  );

const rewritten = { isFastForward: () => false };
const nobody = { users: [], teams: [] };

describe("listViolations", () => {
  it("has nothing against a plain push, nor against making the branch", async () => {
    expect(await judge({})).toEqual([]);
    expect(await judge({ requirePullRequest: true, requiredApprovals: 2 }, { before: ZERO_OID })).toEqual([]);
  });

  it.each<[string, Partial<BranchRules>, Parameters<typeof judge>[1], string]>([
    ["a rewrite", {}, { facts: rewritten }, "force pushes are not allowed"],
    ["a deletion", {}, { after: ZERO_OID }, "it may not be deleted"],
    ["a creation", { blockCreations: true }, { before: ZERO_OID }, "it may not be created"],
    ["a stranger's push", { push: nobody }, {}, "you are not among those who may push to it"],
    [
      "a stranger's merge",
      { push: null, merge: nobody },
      { kind: "merge" },
      "you are not among those who may merge into it",
    ],
    ["a direct push", { requirePullRequest: true }, {}, "required: pull request"],
    [
      "a push without reviews",
      { requirePullRequest: true, requiredApprovals: 2, requireCodeOwners: true },
      {},
      "required: pull request with 2 approvals and the approval of code owners",
    ],
    [
      "a merge without reviews",
      { requiredApprovals: 1 },
      { kind: "merge" },
      "required: pull request with 1 approval",
    ],
    [
      "a rewrite that is allowed but out of date",
      { allowForcePushes: true, requireUpToDate: true },
      { facts: rewritten },
      "it must contain the branch as it is now",
    ],
    [
      "contexts",
      { requiredContexts: ["ci"] },
      { facts: { findUnmetContexts: async () => ["ci (pending)"] } },
      "required statuses have not succeeded: ci (pending)",
    ],
    [
      "a merge commit",
      { requireLinearHistory: true },
      { facts: { findMerge: async () => "a merge" } },
      "a merge",
    ],
    [
      "no signature",
      { requireSignatures: true },
      { facts: { findUnsigned: async () => "unsigned" } },
      "unsigned",
    ],
    ["a path", { protectedPaths: ["x"] }, { facts: { findProtectedPath: async () => "a path" } }, "a path"],
  ])("refuses %s", async (_what, rules, move, violation) => {
    expect(await judge(rules, move)).toEqual([violation]);
  });

  it("lets those through who are named, and a merge where pull requests are asked for", async () => {
    expect(await judge({ push: { users: [7], teams: [] } })).toEqual([]);
    expect(await judge({ push: { users: [], teams: [3] } })).toEqual([]);
    expect(await judge({ requirePullRequest: true, push: nobody }, { kind: "merge" })).toEqual([]);
    expect(await judge({ allowForcePushes: true }, { facts: rewritten })).toEqual([]);
    expect(await judge({ allowDeletions: true }, { after: ZERO_OID })).toEqual([]);
  });

  it("asks for no fact that no rule needs", async () => {
    const fail = async () => Promise.reject(new Error("asked"));
    const facts = { findUnmetContexts: fail, findMerge: fail, findUnsigned: fail, findProtectedPath: fail };
    expect(await judge({}, { facts })).toEqual([]);
  });

  it("tells all that is wrong at once", async () => {
    expect(await judge({ push: nobody, requirePullRequest: true }, { facts: rewritten })).toHaveLength(3);
  });
});

describe("mayBypass", () => {
  const admin: Mover = { ...writer, role: "admin" };
  const deployKey: Mover = { userId: null, role: null, teamIds: [] };

  it.each([
    ["an admin", admin, {}, true],
    ["an admin who is held to it", admin, { enforceAdmins: true }, false],
    ["a writer", writer, {}, false],
    ["a writer who is named", writer, { bypass: { users: [7], teams: [] }, enforceAdmins: true }, true],
    ["a team that is named", writer, { bypass: { users: [], teams: [3] } }, true],
    ["a maintainer", { ...writer, role: "maintain" as const }, {}, false],
    ["a deploy key", deployKey, {}, false],
  ])("%s", (_who, mover, rules, expected) => {
    expect(mayBypass({ ...FIRST_RULES, ...rules }, mover)).toBe(expected);
  });
});
