// The rules of repositories: who finds which, and how one is made.
import type { Visibility } from "../../schema/roles.ts";
import {
  can,
  hasScope,
  type RepositoryAction,
  requirePermission,
  type Verdict,
} from "../auth/permissions.ts";
import type { Actor, UserActor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import type { PageRequest } from "../core/paging.ts";
import { readSettings } from "../site-settings/service.ts";
import { findNameProblem } from "./names.ts";
import { endRedirect } from "./redirects-store.ts";
import { RepositoryMoved } from "./repository-moved.ts";
import type { Repository } from "./store.ts";
import * as store from "./store.ts";

export type { Affiliation, Among, Order, Repository } from "./store.ts";

interface RepositoryPage {
  repositories: Repository[];
  total: number;
}

/**
 * The repository of that name, if `actor` may do `action` to it.
 * @throws ForgeError `not_found` when there is none or it may not be seen, `unauthorized`, `forbidden`; RepositoryMoved
 * when one that the actor may read was called so.
 */
export async function requireRepository(
  database: Database,
  actor: Actor,
  owner: string,
  name: string,
  action: RepositoryAction,
): Promise<Repository> {
  const { repository, verdict, movedTo } = await judgeRepository(database, actor, owner, name, action);
  if (movedTo) throw new RepositoryMoved({ owner, name }, movedTo);
  if (!repository || verdict === "hidden") throw notFound();
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

/** A repository that the actor holds an open invitation to, which is what lets them see it. */
export async function requireInvitedRepository(database: Database, id: number): Promise<Repository> {
  const repository = await store.findById(database.query, id, null);
  if (!repository) throw notFound();
  return repository;
}

/** The role that somebody has in a repository, whatever gives it; null for none. */
export async function roleIn(database: Database, repositoryId: number, userId: number) {
  return (await store.findById(database.query, repositoryId, userId))?.role ?? null;
}

interface Judged {
  verdict: Verdict;
  repository?: Repository;
  movedTo?: Repository;
}

/**
 * The repository with the verdict on `action`, for callers that tell a refusal in their own protocol; `movedTo`: the one
 * that had the name, where the actor may read it. A hidden one and none cost the same.
 */
export async function judgeRepository(
  database: Database,
  actor: Actor,
  owner: string,
  name: string,
  action: RepositoryAction,
): Promise<Judged> {
  const repository = await store.findByName(database.query, owner, name, userIdOf(actor));
  return judgeFoundRepository(database, actor, { owner, name, repository }, action);
}

/** As `judgeRepository`, of what was found under the name for the actor, or wasn't. */
export async function judgeFoundRepository(
  database: Database,
  actor: Actor,
  { owner, name, repository }: { owner: string; name: string; repository: Repository | undefined },
  action: RepositoryAction,
): Promise<Judged> {
  const verdict = repository ? can(actor, action, repository) : "hidden";
  if (repository && verdict !== "hidden") return { verdict, repository };
  const former = await store.findByFormerName(database.query, owner, name, userIdOf(actor));
  const isReadable = former !== undefined && can(actor, "repository.read", former) === "allowed";
  return { verdict: "hidden", ...(isReadable ? { movedTo: former } : {}) };
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
  return listRepositories(database, actor, { ownerId }, BY_NAME, page);
}

/** Those among `ids` that `actor` may see, by name. */
export async function listRepositoriesWithin(
  database: Database,
  actor: Actor,
  ids: readonly number[],
  page: PageRequest,
): Promise<RepositoryPage> {
  return listRepositories(database, actor, { ids }, BY_NAME, page);
}

const BY_NAME: store.Order = { by: "full_name", direction: "asc" };

/** Those `among` some that `actor` may see. */
export async function listRepositories(
  database: Database,
  actor: Actor,
  among: store.Among,
  order: store.Order,
  page: PageRequest,
): Promise<RepositoryPage> {
  const viewer = toViewer(actor);
  const repositories = await store.listAmong(database.query, viewer, among, order, page);
  return { repositories, total: await store.countAmong(database.query, viewer, among) };
}

interface RepositoryWanted {
  name: string;
  description: string;
  visibility: Visibility;
}

/** Undefined: what the site's settings say. */
type RepositoryAskedFor = Omit<RepositoryWanted, "visibility"> & { visibility: Visibility | undefined };

/**
 * Makes an empty repository of the actor's own.
 * @throws ForgeError `forbidden` without the scope, `invalid` with the field at fault.
 */
export async function createRepository(
  database: Database,
  actor: UserActor,
  wanted: RepositoryAskedFor,
): Promise<Repository> {
  requirePermission(actor, "account.create-repository", { accountId: actor.userId });
  if (wanted.visibility === "internal") throw invalidVisibility();
  const id = await database.transaction(async (transaction) => {
    const visibility = wanted.visibility ?? (await readSettings(transaction)).defaultVisibility;
    return insertRepository(transaction, actor.userId, { ...wanted, visibility });
  });
  return requireRepositoryById(database, actor, id, "repository.read");
}

/** Makes an empty repository for an owner whose leave was asked. @throws ForgeError `invalid` with the field at fault */
export async function insertRepository(
  query: Executor,
  ownerId: number,
  wanted: RepositoryWanted,
): Promise<number> {
  const problem = findNameProblem(wanted.name);
  if (problem) throw invalidName(problem, "invalid");
  const id = await store.insert(query, { ...wanted, ownerId, defaultBranch: "main" });
  if (id === undefined) throw invalidName("name already exists on this account", "already_exists");
  await endRedirect(query, ownerId, wanted.name);
  return id;
}

// Without the scope to read, a token sees what anybody sees.
function toViewer(actor: Actor) {
  if (actor.kind !== "user") return { userId: null, seesEverything: false, repositoryIds: null };
  const mayRead = hasScope(actor, "repo:read");
  const repositoryIds = actor.credential.kind === "token" ? actor.credential.repositoryIds : null;
  return { userId: mayRead ? actor.userId : null, seesEverything: mayRead && actor.isAdmin, repositoryIds };
}

const userIdOf = (actor: Actor): number | null => (actor.kind === "user" ? actor.userId : null);

function invalidVisibility(): ForgeError {
  const message = "Only an organisation has internal repositories.";
  return new ForgeError("invalid", message, {
    fields: [{ resource: "Repository", field: "visibility", code: "invalid", message }],
  });
}

function invalidName(message: string, code: "invalid" | "already_exists"): ForgeError {
  return new ForgeError("invalid", "Repository creation failed.", {
    fields: [{ resource: "Repository", field: "name", code, message }],
  });
}
