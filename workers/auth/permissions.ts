// The only judge of who may do what. Pure: the actor and the target in, a verdict out.
// Invariant: what may not be seen is `hidden` (404), whatever was asked to be done with it.
import type { Actor, TokenScope } from "../core/actor.ts";
import { ForgeError, notFound } from "../core/errors.ts";

interface RepositoryTarget {
  id: number;
  ownerId: number;
  isPrivate: boolean;
}

export type Action = "repository.read" | "repository.write" | "run.cancel";
export type Verdict = "allowed" | "hidden" | "sign-in" | "forbidden";

const SCOPE_OF: Record<Action, TokenScope> = {
  "repository.read": "repo:read",
  "repository.write": "repo:write",
  "run.cancel": "run:*",
};

// A scope that is implied by a wider one.
const IMPLIED_BY: Partial<Record<TokenScope, readonly TokenScope[]>> = { "repo:read": ["repo:write"] };

/** Whether `actor` may do `action` to this repository, and if not, how they are to be told. */
export function can(actor: Actor, action: Action, repository: RepositoryTarget): Verdict {
  if (!canSee(actor, repository)) return "hidden";
  if (action === "repository.read") return "allowed";
  if (actor.kind === "anonymous") return "sign-in";
  if (actor.kind === "run") return "forbidden";
  if (!isOwner(actor, repository)) return "forbidden";
  return hasScope(actor, SCOPE_OF[action]) ? "allowed" : "forbidden";
}

/** Whether a user's credential carries `scope`. A browser session carries all that its user may do. */
export function hasScope(actor: Actor, scope: TokenScope): boolean {
  if (actor.kind !== "user") return false;
  if (actor.credential.kind === "session") return true;
  const scopes: readonly string[] = actor.credential.scopes;
  return [scope, "admin", ...(IMPLIED_BY[scope] ?? [])].some((one) => scopes.includes(one));
}

/** @throws ForgeError `not_found`, `unauthorized` or `forbidden`, as `can` judges. */
export function requirePermission(actor: Actor, action: Action, repository: RepositoryTarget): void {
  const verdict = can(actor, action, repository);
  if (verdict === "hidden") throw notFound();
  if (verdict === "sign-in") throw new ForgeError("unauthorized", "Sign in first.");
  if (verdict === "forbidden") throw new ForgeError("forbidden", `This needs the permission ${action}.`);
}

function canSee(actor: Actor, repository: RepositoryTarget): boolean {
  if (!repository.isPrivate) return true;
  if (actor.kind === "run") return actor.repositoryId === repository.id;
  return actor.kind === "user" && isOwner(actor, repository) && hasScope(actor, "repo:read");
}

function isOwner(actor: Actor, repository: RepositoryTarget): boolean {
  return actor.kind === "user" && (actor.userId === repository.ownerId || actor.isAdmin);
}
