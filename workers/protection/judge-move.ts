// What the rules of a branch have against one move of it. Pure: facts that take work are asked for, and only where a rule
// needs them. Invariant: every field of BranchRules is judged here, by whatever way the branch moves.
import { hasRole, type RepositoryRole } from "../../schema/roles.ts";
import type { BranchRules, Principals } from "../../schema/tables/git.ts";
import { ZERO_OID } from "../git/object/oid.ts";
import type { ProtectedBranch, RefMove } from "../git/store/protection.ts";
import { compileGlob, countGlobSteps, type Glob, isExact, matchCompiled } from "./match-glob.ts";

/** `push`: the mover sets the branch; `merge`: a pull request does. */
type MoveKind = "push" | "merge";

/** Who moves the branch, as the repository knows them; `userId` is null for a deploy key. */
export interface Mover {
  readonly userId: number | null;
  readonly role: RepositoryRole | null;
  /** Teams that they are in, and those above them. */
  readonly teamIds: readonly number[];
}

export interface MoveFacts {
  /** Whether the new tip contains the old one. */
  isFastForward(): boolean;
  /** The contexts that haven't succeeded on the new tip, each with its state. */
  findUnmetContexts(contexts: readonly string[]): Promise<readonly string[]>;
  /** Why the new commits' history isn't linear, or null. */
  findMerge(): Promise<string | null>;
  /** Why the new commits aren't all signed by a known key, or null. */
  findUnsigned(): Promise<string | null>;
  /** Why the move changes what the globs protect, or null. */
  findProtectedPath(globs: readonly string[]): Promise<string | null>;
}

/**
 * The rule that a branch is under, or null. Of the patterns that match it the highest priority rules; among equals a
 * plain name before a glob, then the longer pattern, then the older rule.
 */
export const findRule = (protection: readonly ProtectedBranch[], branch: string): ProtectedBranch | null =>
  new RuleFinder(protection).find(branch);

/** Finds the rules of many branches, and counts what that costs. */
export class RuleFinder {
  readonly #rules: readonly { rule: ProtectedBranch; glob: Glob }[];
  #steps = 0;

  constructor(protection: readonly ProtectedBranch[]) {
    // In the order in which they rule: the first that matches is the one.
    this.#rules = protection
      .toSorted(compareRules)
      .map((rule) => ({ rule, glob: compileGlob(rule.pattern) }));
  }

  /** What all branches so far may have cost; see `countGlobSteps`. */
  get steps(): number {
    return this.#steps;
  }

  /** As `findRule`. */
  find(branch: string): ProtectedBranch | null {
    for (const { rule, glob } of this.#rules) {
      this.#steps += countGlobSteps(glob, branch);
      if (matchCompiled(glob, branch)) return rule;
    }
    return null;
  }
}

function compareRules(left: ProtectedBranch, right: ProtectedBranch): number {
  return (
    right.priority - left.priority ||
    Number(isExact(right.pattern)) - Number(isExact(left.pattern)) ||
    right.pattern.length - left.pattern.length ||
    left.id - right.id
  );
}

/** Whether somebody isn't held to the rules. */
export function mayBypass({ bypass, enforceAdmins }: BranchRules, mover: Mover): boolean {
  return isNamed(bypass, mover) || (!enforceAdmins && hasRole(mover.role, "admin"));
}

/** All that the rules have against a move, each in a few words; none when it is good. */
export async function listViolations(
  rules: BranchRules,
  move: RefMove,
  kind: MoveKind,
  mover: Mover,
  facts: MoveFacts,
): Promise<string[]> {
  const isDeletion = move.after === ZERO_OID;
  const isCreation = move.before === ZERO_OID;
  const violations = listMoverViolations(rules, kind, mover);
  if (isDeletion) {
    if (!rules.allowDeletions) violations.push("it may not be deleted");
    return violations;
  }
  if (isCreation && rules.blockCreations) violations.push("it may not be created");
  if (!isCreation) violations.push(...(await listUpdateViolations(rules, kind, facts)));
  if (rules.requiredContexts.length > 0) {
    const unmet = await facts.findUnmetContexts(rules.requiredContexts);
    if (unmet.length > 0) violations.push(`required statuses have not succeeded: ${unmet.join(", ")}`);
  }
  const asked = [
    rules.requireLinearHistory ? await facts.findMerge() : null,
    rules.requireSignatures ? await facts.findUnsigned() : null,
  ];
  return [...violations, ...asked.filter((one) => one !== null)];
}

function listMoverViolations(rules: BranchRules, kind: MoveKind, mover: Mover): string[] {
  const allowed = kind === "push" ? rules.push : rules.merge;
  if (allowed === null || isNamed(allowed, mover)) return [];
  return [`you are not among those who may ${kind === "push" ? "push to" : "merge into"} it`];
}

async function listUpdateViolations(rules: BranchRules, kind: MoveKind, facts: MoveFacts): Promise<string[]> {
  const violations: string[] = [];
  const isLosing = (!rules.allowForcePushes || rules.requireUpToDate) && !facts.isFastForward();
  if (isLosing && !rules.allowForcePushes) violations.push("force pushes are not allowed");
  else if (isLosing) violations.push("it must contain the branch as it is now");
  const review = describeReview(rules, kind);
  if (review !== null) violations.push(review);
  const { protectedPaths } = rules;
  const path = protectedPaths.length > 0 ? await facts.findProtectedPath(protectedPaths) : null;
  if (path !== null) violations.push(path);
  return violations;
}

// Nobody can review yet: what needs a review is refused, by whatever way it comes.
function describeReview(rules: BranchRules, kind: MoveKind): string | null {
  const { requiredApprovals, requireCodeOwners, requirePullRequest } = rules;
  const needs = [
    ...(requiredApprovals > 0 ? [`${requiredApprovals} approval${requiredApprovals === 1 ? "" : "s"}`] : []),
    ...(requireCodeOwners ? ["the approval of code owners"] : []),
  ];
  if (needs.length > 0) return `required: pull request with ${needs.join(" and ")}`;
  return requirePullRequest && kind === "push" ? "required: pull request" : null;
}

function isNamed({ users, teams }: Principals, { userId, teamIds }: Mover): boolean {
  return (userId !== null && users.includes(userId)) || teams.some((team) => teamIds.includes(team));
}
