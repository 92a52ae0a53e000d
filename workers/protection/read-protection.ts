// What a script asks for in GitHub's words, as rules. Invariant: what can't be kept is refused, never taken and ignored.
import { z } from "@hono/zod-openapi";
import type { BranchRules } from "../../schema/tables/git.ts";
import { ForgeError } from "../core/errors.ts";
import { unsaid } from "../core/openapi.ts";
import type { PrincipalNames } from "./service.ts";

const principals = z.object({
  users: z.array(z.string()).nullish().transform(unsaid),
  teams: z.array(z.string()).nullish().transform(unsaid),
  apps: z.array(z.string()).nullish().transform(unsaid),
});

export const statusChecksBody = z.object({
  strict: z.boolean().nullish().transform(unsaid),
  contexts: z.array(z.string()).nullish().transform(unsaid),
  checks: z
    .array(z.object({ context: z.string(), app_id: z.number().nullish() }))
    .nullish()
    .transform(unsaid),
});

export const reviewsBody = z.object({
  dismissal_restrictions: principals.nullish().transform(unsaid),
  dismiss_stale_reviews: z.boolean().nullish().transform(unsaid),
  require_code_owner_reviews: z.boolean().nullish().transform(unsaid),
  required_approving_review_count: z.number().int().min(0).nullish().transform(unsaid),
  require_last_push_approval: z.boolean().nullish().transform(unsaid),
  bypass_pull_request_allowances: principals.nullish().transform(unsaid),
});

export const protectionBody = z
  .object({
    required_status_checks: statusChecksBody.nullable(),
    enforce_admins: z.boolean().nullable(),
    required_pull_request_reviews: reviewsBody.nullable(),
    restrictions: principals.nullable(),
    required_linear_history: z.boolean().nullish().transform(unsaid),
    allow_force_pushes: z.boolean().nullish(),
    allow_deletions: z.boolean().nullish().transform(unsaid),
    block_creations: z.boolean().nullish().transform(unsaid),
    required_conversation_resolution: z.boolean().nullish().transform(unsaid),
    lock_branch: z.boolean().nullish().transform(unsaid),
    allow_fork_syncing: z.boolean().nullish().transform(unsaid),
  })
  .openapi("SetBranchProtection");

type StatusChecks = z.infer<typeof statusChecksBody>;
type Reviews = z.infer<typeof reviewsBody>;

/** What is left as it is stays so. */
export function readStatusChecks(body: StatusChecks, before: BranchRules): BranchRules {
  const contexts = body.contexts ?? body.checks?.map(({ context }) => context);
  return {
    ...before,
    requireUpToDate: body.strict ?? before.requireUpToDate,
    requiredContexts: contexts === undefined ? before.requiredContexts : [...new Set(contexts)],
  };
}

export const NO_STATUS_CHECKS = { requireUpToDate: false, requiredContexts: [] as string[] };

/** As `readStatusChecks`. @throws ForgeError `invalid` for what can't be kept */
export function readReviews(body: Reviews, before: BranchRules): BranchRules {
  refuseUnkept({
    "required_pull_request_reviews.require_last_push_approval": body.require_last_push_approval,
    "required_pull_request_reviews.dismissal_restrictions": isAnybody(body.dismissal_restrictions),
    "required_pull_request_reviews.bypass_pull_request_allowances": isAnybody(
      body.bypass_pull_request_allowances,
    ),
  });
  return {
    ...before,
    requirePullRequest: true,
    dismissStaleReviews: body.dismiss_stale_reviews ?? before.dismissStaleReviews,
    requireCodeOwners: body.require_code_owner_reviews ?? before.requireCodeOwners,
    requiredApprovals: body.required_approving_review_count ?? before.requiredApprovals,
  };
}

export const NO_REVIEWS = {
  requirePullRequest: false,
  dismissStaleReviews: false,
  requireCodeOwners: false,
  requiredApprovals: 0,
};

/**
 * The rules that a whole protection asks for; what GitHub has no word for stays as it was.
 * @returns with them, who may push, or null for everyone with write
 * @throws ForgeError `invalid` for what can't be kept
 */
export function readProtection(
  body: z.infer<typeof protectionBody>,
  before: BranchRules,
): { rules: BranchRules; push: PrincipalNames | null } {
  const { required_status_checks: checks, required_pull_request_reviews: reviews, restrictions } = body;
  refuseUnkept({
    required_conversation_resolution: body.required_conversation_resolution,
    lock_branch: body.lock_branch,
    allow_fork_syncing: body.allow_fork_syncing,
    "restrictions.apps": (restrictions?.apps ?? []).length > 0,
  });
  const plain: BranchRules = {
    ...before,
    ...NO_STATUS_CHECKS,
    ...NO_REVIEWS,
    enforceAdmins: body.enforce_admins ?? false,
    requireLinearHistory: body.required_linear_history ?? false,
    allowForcePushes: body.allow_force_pushes ?? false,
    allowDeletions: body.allow_deletions ?? false,
    blockCreations: body.block_creations ?? false,
  };
  const checked = checks === null ? plain : readStatusChecks(checks, plain);
  return {
    rules: reviews === null ? checked : readReviews(reviews, checked),
    push: restrictions && { users: restrictions.users ?? [], teams: restrictions.teams ?? [] },
  };
}

function isAnybody(of: z.infer<typeof principals> | undefined): boolean {
  return [of?.users, of?.teams, of?.apps].some((names) => names !== undefined && names.length > 0);
}

function refuseUnkept(asked: Record<string, boolean | undefined>): void {
  const fields = Object.entries(asked).flatMap(([field, isAsked]) => (isAsked ? [field] : []));
  if (fields.length === 0) return;
  throw new ForgeError("invalid", `Not kept by this forge, and so not taken: ${fields.join(", ")}`, {
    fields: fields.map((field) => ({ resource: "ProtectedBranch", field, code: "invalid" })),
  });
}
