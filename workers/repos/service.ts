// The rules of repositories: who finds which, and how one is made.
import { type Action, can, hasScope, requirePermission } from "../auth/permissions.ts";
import type { Actor, UserActor } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import type { PageRequest } from "../core/paging.ts";
import { findNameProblem } from "./names.ts";
import type { Repository } from "./store.ts";
import * as store from "./store.ts";

export type { Repository } from "./store.ts";

interface RepositoryPage {
  repositories: Repository[];
  total: number;
}

/**
 * The repository of that name, if `actor` may do `action` to it.
 * @throws ForgeError `not_found` when there is none or it may not be seen, `unauthorized`, `forbidden`.
 */
export async function requireRepository(
  database: Database,
  actor: Actor,
  owner: string,
  name: string,
  action: Action,
): Promise<Repository> {
  const repository = await store.findByName(database.query, owner, name);
  if (!repository) throw notFound();
  requirePermission(actor, action, repository);
  return repository;
}

/** As `requireRepository`, by id. */
export async function requireRepositoryById(
  database: Database,
  actor: Actor,
  id: number,
  action: Action,
): Promise<Repository> {
  const repository = await store.findById(database.query, id);
  if (!repository) throw notFound();
  requirePermission(actor, action, repository);
  return repository;
}

/** The repository with the verdict on `action`, for callers that tell a refusal in their own protocol. */
export async function judgeRepository(
  database: Database,
  actor: Actor,
  owner: string,
  name: string,
  action: Action,
) {
  const repository = await store.findByName(database.query, owner, name);
  if (!repository) return { verdict: "hidden" } as const;
  return { verdict: can(actor, action, repository), repository } as const;
}

/** All that `actor` may see, last pushed first. */
export async function listVisibleRepositories(
  database: Database,
  actor: Actor,
  page: PageRequest,
): Promise<RepositoryPage> {
  const user = actor.kind === "user" && hasScope(actor, "repo:read") ? actor : undefined;
  const visibility = { everything: user?.isAdmin ?? false, userId: user?.userId };
  const repositories = await store.listVisible(database.query, visibility, page.offset, page.limit);
  return { repositories, total: await store.countVisible(database.query, visibility) };
}

/** Those that `actor` owns, by name; private ones only with the scope to read them. */
export async function listOwnRepositories(
  database: Database,
  actor: UserActor,
  page: PageRequest,
): Promise<RepositoryPage> {
  const withPrivate = hasScope(actor, "repo:read");
  const repositories = await store.listOwned(
    database.query,
    actor.userId,
    withPrivate,
    page.offset,
    page.limit,
  );
  return { repositories, total: await store.countOwned(database.query, actor.userId, withPrivate) };
}

/**
 * Makes an empty repository of the actor's own.
 * @throws ForgeError `forbidden` without the scope, `invalid` with the field at fault.
 */
export async function createRepository(
  database: Database,
  actor: UserActor,
  wanted: { name: string; description: string; isPrivate: boolean },
): Promise<Repository> {
  if (!hasScope(actor, "repo:write")) throw new ForgeError("forbidden", "This needs the scope repo:write.");
  const problem = findNameProblem(wanted.name);
  if (problem) throw invalidName(problem, "invalid");
  const id = await store.insert(database.query, { ...wanted, ownerId: actor.userId, defaultBranch: "main" });
  if (id === undefined) throw invalidName("name already exists on this account", "already_exists");
  const repository = await store.findById(database.query, id);
  if (!repository) throw new ForgeError("internal", "The repository vanished while it was made.");
  return repository;
}

function invalidName(message: string, code: "invalid" | "already_exists"): ForgeError {
  return new ForgeError("invalid", "Repository creation failed.", {
    fields: [{ resource: "Repository", field: "name", code, message }],
  });
}
