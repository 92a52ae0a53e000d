// What the rules for branches look like to the one function that moves refs; what they mean is its caller's matter.
import { z } from "zod";
import type { BranchRules, RefChange } from "../../../schema/tables/git.ts";
import type { Executor } from "../../core/db.ts";
import type { Oid } from "../object/oid.ts";

/** A ref's wanted move; the zero id stands for absent. */
export interface RefMove extends RefChange {
  /** What an annotated tag finally points at; null for everything else. */
  readonly peeled: Oid | null;
}

/** Rules for the branches that a pattern matches. */
export interface ProtectedBranch {
  readonly id: number;
  readonly pattern: string;
  readonly priority: number;
  readonly rules: BranchRules;
}

/**
 * Judges moves, all of them up to date, by the repository's rules, in the refs' transaction. Not asked where there are
 * no rules. Answers, by the name of a ref, why its move isn't taken.
 */
export type JudgeMoves = (
  transaction: Executor,
  protection: readonly ProtectedBranch[],
  moves: readonly RefMove[],
) => Promise<ReadonlyMap<string, string>>;

const principals = z.object({ users: z.array(z.number()), teams: z.array(z.number()) });

const branchRules: z.ZodType<BranchRules> = z.object({
  push: principals.nullable(),
  merge: principals.nullable(),
  allowForcePushes: z.boolean(),
  allowDeletions: z.boolean(),
  blockCreations: z.boolean(),
  requirePullRequest: z.boolean(),
  requiredApprovals: z.number(),
  dismissStaleReviews: z.boolean(),
  requireCodeOwners: z.boolean(),
  requiredContexts: z.array(z.string()),
  requireUpToDate: z.boolean(),
  requireSignatures: z.boolean(),
  requireLinearHistory: z.boolean(),
  protectedPaths: z.array(z.string()),
  enforceAdmins: z.boolean(),
  bypass: principals,
});

export const protectedBranch = z.object({
  id: z.number(),
  pattern: z.string(),
  priority: z.number(),
  rules: branchRules,
});
