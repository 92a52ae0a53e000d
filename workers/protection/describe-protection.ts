// Rules for branches in the shapes of GitHub's branch protection and of its rules. What GitHub has no word for (priority,
// protected paths, who may merge) isn't told there.
import { z } from "@hono/zod-openapi";
import type { BranchRules } from "../../schema/tables/git.ts";
import type { ProtectedBranch } from "../git/store/protection.ts";

const enabled = z.object({ enabled: z.boolean() });
export const adminsSchema = z.object({ url: z.string(), enabled: z.boolean() });
export const statusChecksSchema = z.object({
  url: z.string(),
  strict: z.boolean(),
  contexts: z.array(z.string()),
  contexts_url: z.string(),
  checks: z.array(z.object({ context: z.string(), app_id: z.number().nullable() })),
});
export const reviewsSchema = z.object({
  url: z.string(),
  dismiss_stale_reviews: z.boolean(),
  require_code_owner_reviews: z.boolean(),
  required_approving_review_count: z.number().int(),
  require_last_push_approval: z.boolean(),
});
export const restrictionsSchema = z.object({
  url: z.string(),
  users_url: z.string(),
  teams_url: z.string(),
  apps_url: z.string(),
  users: z.array(z.object({ login: z.string(), id: z.number().int() })),
  teams: z.array(z.object({ slug: z.string(), id: z.number().int() })),
  apps: z.array(z.object({})),
});

export const protectionSchema = z
  .object({
    url: z.string(),
    required_status_checks: statusChecksSchema.optional(),
    enforce_admins: adminsSchema,
    required_pull_request_reviews: reviewsSchema.optional(),
    required_signatures: adminsSchema,
    restrictions: restrictionsSchema.optional(),
    required_linear_history: enabled,
    allow_force_pushes: enabled,
    allow_deletions: enabled,
    block_creations: enabled,
    required_conversation_resolution: enabled,
    lock_branch: enabled,
    allow_fork_syncing: enabled,
  })
  .openapi("BranchProtection");

interface Named {
  users: readonly { id: number; name: string }[];
  teams: readonly { id: number; name: string }[];
}

export const describeAdmins = (url: string, rules: BranchRules) => ({
  url: `${url}/enforce_admins`,
  enabled: rules.enforceAdmins,
});

export const describeSignatures = (url: string, rules: BranchRules) => ({
  url: `${url}/required_signatures`,
  enabled: rules.requireSignatures,
});

/** Undefined when nothing is asked. */
export function describeStatusChecks(url: string, { requiredContexts, requireUpToDate }: BranchRules) {
  if (requiredContexts.length === 0 && !requireUpToDate) return undefined;
  return {
    url: `${url}/required_status_checks`,
    strict: requireUpToDate,
    contexts: requiredContexts,
    contexts_url: `${url}/required_status_checks/contexts`,
    checks: requiredContexts.map((context) => ({ context, app_id: null })),
  };
}

/** Undefined when pushes may come without a pull request. */
export function describeReviews(url: string, rules: BranchRules) {
  const isAsked = rules.requirePullRequest || rules.requiredApprovals > 0 || rules.requireCodeOwners;
  if (!isAsked) return undefined;
  return {
    url: `${url}/required_pull_request_reviews`,
    dismiss_stale_reviews: rules.dismissStaleReviews,
    require_code_owner_reviews: rules.requireCodeOwners,
    required_approving_review_count: rules.requiredApprovals,
    require_last_push_approval: false,
  };
}

export function describeRestrictions(url: string, { users, teams }: Named) {
  const own = `${url}/restrictions`;
  return {
    ...{ url: own, users_url: `${own}/users`, teams_url: `${own}/teams`, apps_url: `${own}/apps` },
    users: users.map(({ id, name }) => ({ login: name, id })),
    teams: teams.map(({ id, name }) => ({ slug: name, id })),
    apps: [],
  };
}

/** @param named those who may push, or null when everyone with write may */
export function describeProtection(
  url: string,
  rules: BranchRules,
  named: Named | null,
): z.infer<typeof protectionSchema> {
  const checks = describeStatusChecks(url, rules);
  const reviews = describeReviews(url, rules);
  return {
    url,
    ...(checks === undefined ? {} : { required_status_checks: checks }),
    enforce_admins: describeAdmins(url, rules),
    ...(reviews === undefined ? {} : { required_pull_request_reviews: reviews }),
    required_signatures: describeSignatures(url, rules),
    ...(named === null ? {} : { restrictions: describeRestrictions(url, named) }),
    required_linear_history: { enabled: rules.requireLinearHistory },
    allow_force_pushes: { enabled: rules.allowForcePushes },
    allow_deletions: { enabled: rules.allowDeletions },
    block_creations: { enabled: rules.blockCreations },
    required_conversation_resolution: { enabled: false },
    lock_branch: { enabled: false },
    allow_fork_syncing: { enabled: false },
  };
}

export const ruleSchema = z
  .object({
    type: z.string(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    ruleset_source_type: z.literal("Repository"),
    ruleset_source: z.string(),
    ruleset_id: z.number().int(),
  })
  .openapi("BranchRule");

/** The rules that a branch is under, as GitHub lists them. */
export function describeRules(rule: ProtectedBranch, source: string): z.infer<typeof ruleSchema>[] {
  const { rules } = rule;
  const info = { ruleset_source_type: "Repository" as const, ruleset_source: source, ruleset_id: rule.id };
  const checks = {
    strict_required_status_checks_policy: rules.requireUpToDate,
    required_status_checks: rules.requiredContexts.map((context) => ({ context })),
  };
  const reviews = {
    dismiss_stale_reviews_on_push: rules.dismissStaleReviews,
    require_code_owner_review: rules.requireCodeOwners,
    require_last_push_approval: false,
    required_approving_review_count: rules.requiredApprovals,
    required_review_thread_resolution: false,
  };
  const all: [boolean, { type: string; parameters?: Record<string, unknown> }][] = [
    [rules.blockCreations, { type: "creation" }],
    [rules.push !== null, { type: "update", parameters: { update_allows_fetch_and_merge: false } }],
    [!rules.allowDeletions, { type: "deletion" }],
    [!rules.allowForcePushes, { type: "non_fast_forward" }],
    [rules.requireLinearHistory, { type: "required_linear_history" }],
    [rules.requireSignatures, { type: "required_signatures" }],
    [describeReviews("", rules) !== undefined, { type: "pull_request", parameters: reviews }],
    [describeStatusChecks("", rules) !== undefined, { type: "required_status_checks", parameters: checks }],
  ];
  return all.flatMap(([isAsked, one]) => (isAsked ? [{ ...one, ...info }] : []));
}
