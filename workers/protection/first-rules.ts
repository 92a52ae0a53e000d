// What a rule begins as: the branch can't be deleted or rewritten, and nothing more is asked.
import type { BranchRules } from "../../schema/tables/git.ts";

export const FIRST_RULES: BranchRules = {
  push: null,
  merge: null,
  allowForcePushes: false,
  allowDeletions: false,
  blockCreations: false,
  requirePullRequest: false,
  requiredApprovals: 0,
  dismissStaleReviews: false,
  requireCodeOwners: false,
  requiredContexts: [],
  requireUpToDate: false,
  requireSignatures: false,
  requireLinearHistory: false,
  protectedPaths: [],
  enforceAdmins: false,
  bypass: { users: [], teams: [] },
};
