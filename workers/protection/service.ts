// Rules for branches: who reads and sets them. Invariant: a change holds the repository's row, so that every push is judged
// by the rules as they were or as they are, and is in the audit log with what it changed.
import type { BranchRules, Principals } from "../../schema/tables/git.ts";
import { recordAudit } from "../audit/service.ts";
import { requirePermission } from "../auth/permissions.ts";
import type { Actor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import {
  BRANCH_RULES_MAX,
  PROTECTED_PATHS_MAX,
  REQUIRED_APPROVALS_MAX,
  REQUIRED_CONTEXTS_MAX,
} from "../core/limits.ts";
import type { Origin } from "../core/origin.ts";
import type { PageRequest } from "../core/paging.ts";
import type { ProtectedBranch } from "../git/store/protection.ts";
import type { Repository } from "../repos/service.ts";
import { findRule } from "./judge-move.ts";
import { findPatternProblem } from "./match-glob.ts";
import * as store from "./store.ts";

/** Who does it, for the permission and the audit log. */
interface Editor {
  actor: Actor;
  origin: Origin;
}

interface WantedRule {
  pattern: string;
  priority: number;
  rules: BranchRules;
}

/** All rules of a repository, the first to rule first. */
export async function listRules(database: Database, repositoryId: number): Promise<ProtectedBranch[]> {
  return store.listRules(database.query, repositoryId);
}

/** The rule that a branch is under, or null. */
export async function findBranchRule(
  database: Database,
  repositoryId: number,
  branch: string,
): Promise<ProtectedBranch | null> {
  return findRule(await store.listRules(database.query, repositoryId), branch);
}

/**
 * Makes a rule, or changes the one of that id.
 * @throws ForgeError `invalid` with the field at fault, `not_found` when the rule has gone, and as `can` judges
 */
export async function saveRule(
  database: Database,
  { actor, origin }: Editor,
  repository: Repository,
  id: number | null,
  wanted: WantedRule,
): Promise<void> {
  requirePermission(actor, "repository.administer", repository);
  refuseBadRule(wanted);
  await database.transaction(async (transaction) => {
    const rules = await lockRules(transaction, repository);
    const before = id === null ? undefined : rules.find((rule) => rule.id === id);
    if (id !== null && before === undefined) throw notFound("There is no such rule.");
    if (rules.some((rule) => rule.pattern === wanted.pattern && rule.id !== id)) {
      throw refuse("pattern", "There is a rule of this pattern already.", "already_exists");
    }
    if (id !== null) await store.updateRule(transaction, id, wanted);
    else {
      if (rules.length >= BRANCH_RULES_MAX) {
        throw refuse("pattern", `A repository has at most ${BRANCH_RULES_MAX} rules.`);
      }
      await store.insertRule(transaction, repository.id, wanted);
    }
    await recordAudit(transaction, actor, origin, {
      action: id === null ? "protected_branch.create" : "protected_branch.update",
      ...aboutRule(repository, wanted.pattern),
      details: { after: wanted.rules, ...(before === undefined ? {} : { before: before.rules }) },
    });
  });
}

/** Ends a rule. @throws ForgeError `not_found` when it has gone, and as `can` judges */
export async function removeRule(
  database: Database,
  { actor, origin }: Editor,
  repository: Repository,
  id: number,
): Promise<void> {
  requirePermission(actor, "repository.administer", repository);
  await database.transaction(async (transaction) => {
    const rule = (await lockRules(transaction, repository)).find((one) => one.id === id);
    if (rule === undefined) throw notFound("There is no such rule.");
    await store.deleteRule(transaction, id);
    await recordAudit(transaction, actor, origin, {
      action: "protected_branch.delete",
      ...aboutRule(repository, rule.pattern),
      details: { before: rule.rules },
    });
  });
}

async function lockRules(transaction: Executor, repository: Repository): Promise<ProtectedBranch[]> {
  if (!(await store.lockRepository(transaction, repository.id))) throw notFound();
  return store.listRules(transaction, repository.id);
}

const aboutRule = (repository: Repository, pattern: string) => ({
  ownerId: repository.ownerId,
  repositoryId: repository.id,
  target: { kind: "branch", name: `${repository.owner}/${repository.name}:${pattern}` },
});

export interface PrincipalNames {
  users: string[];
  teams: string[];
}

/** The ids of people and teams. @throws ForgeError `invalid` for a name that nobody has */
export async function resolvePrincipals(
  database: Database,
  repositoryId: number,
  names: PrincipalNames,
): Promise<Principals> {
  const found = await store.findNamed(database.query, repositoryId, names);
  const idsOf = (kind: "user" | "team", wanted: readonly string[]) =>
    wanted.map((name) => {
      const match = found.find((one) => one.kind === kind && one.name.toLowerCase() === name.toLowerCase());
      if (match === undefined) throw refuse(`${kind}s`, `There is no ${kind} called ${name} here.`);
      return match.id;
    });
  return { users: [...new Set(idsOf("user", names.users))], teams: [...new Set(idsOf("team", names.teams))] };
}

/** What people and teams are called now; those that have gone are left out. */
export async function namePrincipals(database: Database, repositoryId: number, principals: Principals) {
  const found = await store.listNames(database.query, repositoryId, principals);
  return {
    users: found.filter(({ kind }) => kind === "user"),
    teams: found.filter(({ kind }) => kind === "team"),
  };
}

/** @throws ForgeError `invalid` with the field at fault */
function refuseBadRule({ pattern, priority, rules }: WantedRule): void {
  const problem = findPatternProblem(pattern);
  if (problem !== undefined) throw refuse("pattern", problem);
  if (!Number.isInteger(priority) || Math.abs(priority) > PRIORITY_MAX) {
    throw refuse("priority", `A priority is a whole number of at most ${PRIORITY_MAX}.`);
  }
  const { requiredApprovals, requiredContexts, protectedPaths } = rules;
  if (!Number.isInteger(requiredApprovals) || requiredApprovals < 0) {
    throw refuse("requiredApprovals", "Approvals are counted in whole numbers.");
  }
  if (requiredApprovals > REQUIRED_APPROVALS_MAX) {
    throw refuse("requiredApprovals", `At most ${REQUIRED_APPROVALS_MAX} approvals can be required.`);
  }
  refuseBadList("requiredContexts", requiredContexts, REQUIRED_CONTEXTS_MAX);
  refuseBadList("protectedPaths", protectedPaths, PROTECTED_PATHS_MAX);
}

const PRIORITY_MAX = 1_000_000;
const ENTRY_CHARACTERS_MAX = 255;

function refuseBadList(field: string, entries: readonly string[], max: number): void {
  if (entries.length > max) throw refuse(field, `There can be at most ${max}.`);
  if (entries.some((entry) => entry === "" || entry.length > ENTRY_CHARACTERS_MAX || /\p{Cc}/u.test(entry))) {
    throw refuse(field, `Each has between 1 and ${ENTRY_CHARACTERS_MAX} characters.`);
  }
}

function refuse(field: string, message: string, code: "custom" | "already_exists" = "custom"): ForgeError {
  return new ForgeError("invalid", message, {
    fields: [{ resource: "ProtectedBranch", field, code, message }],
  });
}

/** One page of a repository's branches, by name. */
export async function listBranches(database: Database, repositoryId: number, page: PageRequest) {
  const branches = await store.listBranches(database.query, repositoryId, page);
  return { branches, total: await store.countBranches(database.query, repositoryId) };
}
