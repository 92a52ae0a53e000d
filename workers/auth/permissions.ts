// The only judge of who may do what. Pure: the actor and the target in, a verdict out.
// Invariant: what may not be seen is `hidden` (404), whatever was asked to be done with it.
import { hasRole, type RepositoryRole, type Visibility } from "../../schema/roles.ts";
import type { Actor, TokenScope, UserActor } from "../core/actor.ts";
import { ForgeError, notFound } from "../core/errors.ts";

/** A repository as it was looked up for the one who asks. */
export interface RepositoryTarget {
  id: number;
  visibility: Visibility;
  isArchived: boolean;
  /** The highest role that ownership, membership, teams and collaboration give the asking user; null for none. */
  role: RepositoryRole | null;
}

/** A person's own account. */
interface AccountTarget {
  accountId: number;
}

/** The whole of this Plue. */
const SITE = { site: true } as const;
type SiteTarget = typeof SITE;

export type Verdict = "allowed" | "hidden" | "sign-in" | "forbidden";

interface RepositoryRule {
  role: RepositoryRole;
  scope: TokenScope;
  /** Whether an archived repository still allows it. */
  whenArchived: boolean;
}

const REPOSITORY_RULES = {
  "repository.read": { role: "read", scope: "repo:read", whenArchived: true },
  "repository.write": { role: "write", scope: "repo:write", whenArchived: false },
  "run.cancel": { role: "write", scope: "run:*", whenArchived: true },
  "status.write": { role: "write", scope: "repo:write", whenArchived: false },
  "repository.maintain": { role: "maintain", scope: "repo:write", whenArchived: false },
  "repository.administer": { role: "admin", scope: "admin", whenArchived: true },
} as const satisfies Record<string, RepositoryRule>;

const ACCOUNT_RULES = {
  "account.read": "user:*",
  "account.write": "user:*",
  /** Tokens, keys, sessions and ways to sign in: whoever makes one can do all that its owner can. */
  "account.credentials": "admin",
} as const satisfies Record<string, TokenScope>;

const SITE_RULES = { "site.administer": "admin" } as const satisfies Record<string, TokenScope>;

export type RepositoryAction = keyof typeof REPOSITORY_RULES;
type AccountAction = keyof typeof ACCOUNT_RULES;
type SiteAction = keyof typeof SITE_RULES;
type Action = RepositoryAction | AccountAction | SiteAction;

/** An action with the kind of target it is done to. */
type Question =
  | [RepositoryAction, RepositoryTarget]
  | [AccountAction, AccountTarget]
  | [SiteAction, SiteTarget];

// A scope that is implied by a wider one.
const IMPLIED_BY: Partial<Record<TokenScope, readonly TokenScope[]>> = { "repo:read": ["repo:write"] };

/** Whether `actor` may do the action to the target, and if not, how they are to be told. */
export function can(actor: Actor, ...question: Question): Verdict {
  const [action, target] = question;
  if (isRepositoryAction(action))
    return "visibility" in target ? judgeRepository(actor, action, target) : "hidden";
  if (isAccountAction(action)) return "accountId" in target ? judgeAccount(actor, action, target) : "hidden";
  return judgeSite(actor, action);
}

/** Whether a user's credential carries `scope`. A browser session carries all that its user may do. */
export function hasScope(actor: Actor, scope: TokenScope): boolean {
  if (actor.kind !== "user") return false;
  if (actor.credential.kind === "session") return true;
  const scopes: readonly string[] = actor.credential.scopes;
  return [scope, "admin", ...(IMPLIED_BY[scope] ?? [])].some((one) => scopes.includes(one));
}

/** Whether a limited token leaves this repository out. */
function reachesRepository(actor: UserActor, repositoryId: number): boolean {
  const { credential } = actor;
  return (
    credential.kind === "session" ||
    credential.repositoryIds === null ||
    credential.repositoryIds.includes(repositoryId)
  );
}

/** @throws ForgeError `not_found`, `unauthorized` or `forbidden`, as `can` judges. */
export function requirePermission(actor: Actor, ...question: Question): void {
  const verdict = can(actor, ...question);
  if (verdict === "hidden") throw notFound();
  if (verdict === "sign-in") throw new ForgeError("unauthorized", "Sign in first.");
  if (verdict === "forbidden") throw new ForgeError("forbidden", `This needs the permission ${question[0]}.`);
}

function judgeRepository(actor: Actor, action: RepositoryAction, repository: RepositoryTarget): Verdict {
  const rule: RepositoryRule = REPOSITORY_RULES[action];
  if (!canSee(actor, repository)) return "hidden";
  if (action === "repository.read") return "allowed";
  if (actor.kind === "anonymous") return "sign-in";
  if (repository.isArchived && !rule.whenArchived) return "forbidden";
  if (actor.kind === "run") return "forbidden";
  if (actor.kind === "deploy") {
    const isPush = action === "repository.write" && actor.repositoryId === repository.id;
    return isPush && actor.canWrite ? "allowed" : "forbidden";
  }
  if (!actor.isAdmin && !hasRole(repository.role, rule.role)) return "forbidden";
  return hasScope(actor, rule.scope) ? "allowed" : "forbidden";
}

function canSee(actor: Actor, repository: RepositoryTarget): boolean {
  if (actor.kind === "user" && !reachesRepository(actor, repository.id)) return false;
  if (repository.visibility === "public") return true;
  if (actor.kind === "run" || actor.kind === "deploy") return actor.repositoryId === repository.id;
  if (actor.kind === "anonymous") return false;
  return (actor.isAdmin || repository.role !== null) && hasScope(actor, "repo:read");
}

function judgeAccount(actor: Actor, action: AccountAction, target: AccountTarget): Verdict {
  if (actor.kind === "anonymous") return "sign-in";
  if (actor.kind !== "user") return "forbidden";
  if (actor.userId !== target.accountId) return "hidden";
  if (actor.credential.kind === "token" && actor.credential.repositoryIds !== null) return "forbidden";
  return hasScope(actor, ACCOUNT_RULES[action]) ? "allowed" : "forbidden";
}

function judgeSite(actor: Actor, action: SiteAction): Verdict {
  if (actor.kind === "anonymous") return "sign-in";
  if (actor.kind !== "user" || !actor.isAdmin) return "hidden";
  if (actor.credential.kind === "token" && actor.credential.repositoryIds !== null) return "forbidden";
  return hasScope(actor, SITE_RULES[action]) ? "allowed" : "forbidden";
}

const isRepositoryAction = (action: Action): action is RepositoryAction => action in REPOSITORY_RULES;
const isAccountAction = (action: Action): action is AccountAction => action in ACCOUNT_RULES;
