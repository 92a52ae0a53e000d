// The rules of repositories: who finds which, and how one is made.
import type { Visibility } from "../../schema/roles.ts";
import { can, hasScope, type RepositoryAction, requirePermission } from "../auth/permissions.ts";
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
  action: RepositoryAction,
): Promise<Repository> {
  const repository = await store.findByName(database.query, owner, name, userIdOf(actor));
  if (!repository) throw notFound();
  requirePermission(actor, action, repository);
  return repository;
}

/** As `requireRepository`, by id. */
export async function requireRepositoryById(
  database: Database,
  actor: Actor,
  id: number,
  action: RepositoryAction,
): Promise<Repository> {
  const repository = await store.findById(database.query, id, userIdOf(actor));
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
  action: RepositoryAction,
) {
  const repository = await store.findByName(database.query, owner, name, userIdOf(actor));
  if (!repository) return { verdict: "hidden" } as const;
  return { verdict: can(actor, action, repository), repository } as const;
}

/** All that `actor` may see, last pushed first. */
export async function listVisibleRepositories(
  database: Database,
  actor: Actor,
  page: PageRequest,
): Promise<RepositoryPage> {
  const viewer = toViewer(actor);
  const repositories = await store.listVisible(database.query, viewer, page.offset, page.limit);
  return { repositories, total: await store.countVisible(database.query, viewer) };
}

/** Those of `ownerId` that `actor` may see, by name. */
export async function listRepositoriesOf(
  database: Database,
  actor: Actor,
  ownerId: number,
  page: PageRequest,
): Promise<RepositoryPage> {
  const viewer = toViewer(actor);
  const repositories = await store.listOwned(database.query, viewer, ownerId, page.offset, page.limit);
  return { repositories, total: await store.countOwned(database.query, viewer, ownerId) };
}

/**
 * Makes an empty repository of the actor's own.
 * @throws ForgeError `forbidden` without the scope, `invalid` with the field at fault.
 */
export async function createRepository(
  database: Database,
  actor: UserActor,
  wanted: { name: string; description: string; visibility: Visibility },
): Promise<Repository> {
  if (!hasScope(actor, "repo:write")) throw new ForgeError("forbidden", "This needs the scope repo:write.");
  const problem = findNameProblem(wanted.name);
  if (problem) throw invalidName(problem, "invalid");
  const id = await store.insert(database.query, { ...wanted, ownerId: actor.userId, defaultBranch: "main" });
  if (id === undefined) throw invalidName("name already exists on this account", "already_exists");
  const repository = await store.findById(database.query, id, actor.userId);
  if (!repository) throw new ForgeError("internal", "The repository vanished while it was made.");
  return repository;
}

// Without the scope to read, a token sees what anybody sees.
function toViewer(actor: Actor) {
  if (actor.kind !== "user") return { userId: null, seesEverything: false, repositoryIds: null };
  const mayRead = hasScope(actor, "repo:read");
  const repositoryIds = actor.credential.kind === "token" ? actor.credential.repositoryIds : null;
  return { userId: mayRead ? actor.userId : null, seesEverything: mayRead && actor.isAdmin, repositoryIds };
}

const userIdOf = (actor: Actor): number | null => (actor.kind === "user" ? actor.userId : null);

function invalidName(message: string, code: "invalid" | "already_exists"): ForgeError {
  return new ForgeError("invalid", "Repository creation failed.", {
    fields: [{ resource: "Repository", field: "name", code, message }],
  });
}
