// The branch that an API request is about, the rule it is under, and a change of that rule.
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { BranchRules } from "../../schema/tables/git.ts";
import type { RepositoryAction } from "../auth/permissions.ts";
import type { AppEnv } from "../core/app-env.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import { readOrigin } from "../core/origin.ts";
import { findRefs } from "../git/store/refs.ts";
import { type Repository, requireRepository } from "../repos/service.ts";
import { FIRST_RULES } from "./first-rules.ts";
import { isExact } from "./match-glob.ts";
import { findBranchRule, namePrincipals, saveRule } from "./service.ts";

export const branchParams = z.object({ owner: z.string(), repo: z.string(), branch: z.string() });
type BranchParams = z.infer<typeof branchParams>;

export interface BranchContext {
  repository: Repository;
  branch: string;
  /** The commit it points at. */
  tip: string;
  /** The address of its protection. */
  url: string;
}

/** @throws ForgeError as `requireRepository` does, and `not_found` when there is no such branch */
export async function requireBranch(
  context: Context<AppEnv>,
  { owner, repo, branch }: BranchParams,
  action: RepositoryAction,
): Promise<BranchContext> {
  const database = context.get("database");
  const repository = await requireRepository(database, context.get("actor"), owner, repo, action);
  const [ref] = await findRefs(database.query, repository.id, [`refs/heads/${branch}`]);
  if (ref === undefined) throw notFound("Branch not found");
  return { repository, branch, tip: ref.oid, url: protectionUrl(context, repository, branch) };
}

export function protectionUrl(context: Context<AppEnv>, repository: Repository, branch: string): string {
  const { publicUrl } = context.get("env");
  const name = encodeURIComponent(branch);
  return `${publicUrl}/api/v3/repos/${repository.owner}/${repository.name}/branches/${name}/protection`;
}

/** The rule that the branch is under. @throws ForgeError `not_found` when there is none */
export async function requireRule(context: Context<AppEnv>, { repository, branch }: BranchContext) {
  const rule = await findBranchRule(context.get("database"), repository.id, branch);
  if (rule === null) throw notFound("Branch not protected");
  return rule;
}

/** As `requireRule`, of a rule for this branch alone. @throws ForgeError `invalid` when it is under a glob */
export async function requireOwnRule(context: Context<AppEnv>, found: BranchContext) {
  const rule = await requireRule(context, found);
  if (isExact(rule.pattern)) return rule;
  const message = `This branch is under the rule for ${rule.pattern}, which speaks of other branches too.`;
  throw new ForgeError("invalid", message, {
    fields: [{ resource: "ProtectedBranch", field: "branch", code: "custom", message }],
  });
}

/** Changes the rule for this branch alone. @returns the rules as they are then */
export async function changeOwnRule(
  context: Context<AppEnv>,
  found: BranchContext,
  change: (rules: BranchRules) => BranchRules,
): Promise<BranchRules> {
  const rule = await requireOwnRule(context, found);
  const rules = change(rule.rules);
  const { id, pattern, priority } = rule;
  await saveRule(context.get("database"), editorOf(context), found.repository, id, {
    ...{ pattern, priority, rules },
  });
  return rules;
}

/** Sets the rule for this branch alone, which then comes before the one it was under. */
export async function setOwnRule(
  context: Context<AppEnv>,
  found: BranchContext,
  change: (before: BranchRules) => Promise<BranchRules>,
): Promise<BranchRules> {
  const { repository, branch } = found;
  const governing = await findBranchRule(context.get("database"), repository.id, branch);
  const own = governing?.pattern === branch ? governing : null;
  const rules = await change(own?.rules ?? FIRST_RULES);
  const priority = governing?.priority ?? 0;
  await saveRule(context.get("database"), editorOf(context), repository, own?.id ?? null, {
    ...{ pattern: branch, priority, rules },
  });
  return rules;
}

/** Who may push by name, or null when everyone with write may. */
export async function namePushers(context: Context<AppEnv>, repository: Repository, rules: BranchRules) {
  return rules.push && namePrincipals(context.get("database"), repository.id, rules.push);
}

export const editorOf = (context: Context<AppEnv>) => ({
  actor: context.get("actor"),
  origin: readOrigin(context),
});
