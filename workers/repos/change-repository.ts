// What may be changed of a repository, archived or not, by whom. Invariant: each change is one transaction under the
// repository's lock, with its line in the audit log; whatever lets fewer people in ends what was cached of those let in.

import { findNamespacesProblem } from "../../schema/ref-namespaces.ts";
import type { Visibility } from "../../schema/roles.ts";
import { recordAudit } from "../audit/service.ts";
import { requirePermission } from "../auth/permissions.ts";
import type { Actor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import { type FieldError, ForgeError, notFound } from "../core/errors.ts";
import { DESCRIPTION_CHARACTERS_MAX } from "../core/limits.ts";
import type { Origin } from "../core/origin.ts";
import { endCachedAccess } from "./access-epoch.ts";
import { findNameProblem } from "./names.ts";
import { endRedirect, keepFormerName } from "./redirects-store.ts";
import { type Repository, requireRepositoryById } from "./service.ts";
import * as store from "./settings-store.ts";

/** Who does it, for the permission and the audit log. */
export interface Editor {
  actor: Actor;
  origin: Origin;
}

/** What is absent stays as it is. */
export interface RepositoryChange {
  name?: string;
  description?: string;
  visibility?: Visibility;
  defaultBranch?: string;
  isArchived?: boolean;
  /** What of `refs/` may be pushed. */
  refNamespaces?: readonly string[];
}

/**
 * Changes a repository.
 * @throws ForgeError `invalid` with the field at fault, `forbidden` when it is archived and stays so, and as `can` judges
 */
export async function changeRepository(
  database: Database,
  { actor, origin }: Editor,
  repository: Repository,
  change: RepositoryChange,
): Promise<Repository> {
  const isDescription = Object.keys(change).every((key) => key === "description");
  requirePermission(actor, isDescription ? "repository.maintain" : "repository.administer", repository);
  await database.transaction(async (transaction) => {
    const row = await store.lockRepository(transaction, repository.id);
    if (row === undefined) throw notFound();
    const values = await planChange(transaction, repository, row, change);
    if (Object.keys(values).length === 0) return;
    if (values.name !== undefined) await keepFormerName(transaction, repository.id);
    await store.updateRepository(transaction, repository.id, values);
    if (values.name !== undefined) await endRedirect(transaction, row.ownerId, values.name);
    if (values.name !== undefined || values.visibility !== undefined) {
      await endCachedAccess(transaction, { repositoryId: repository.id });
    }
    await recordAudit(transaction, actor, origin, {
      action: nameAction(values),
      ...{ ownerId: row.ownerId, repositoryId: repository.id },
      target: { kind: "repository", id: repository.id, name: `${repository.owner}/${row.name}` },
      details: { from: pick(row, Object.keys(values)), to: values },
    });
  });
  return requireRepositoryById(database, actor, repository.id, "repository.read");
}

/** What of `refs/` a repository takes by push. */
export const listRefNamespaces = (database: Database, repositoryId: number): Promise<string[]> =>
  store.readRefNamespaces(database.query, repositoryId);

type Values = Parameters<typeof store.updateRepository>[2];
type Row = NonNullable<Awaited<ReturnType<typeof store.lockRepository>>>;

async function planChange(
  transaction: Executor,
  repository: Repository,
  row: Row,
  change: RepositoryChange,
): Promise<Values> {
  const isLeavingArchive = change.isArchived === false;
  const { isArchived, ...rest } = change;
  if (row.archivedAt !== null && !isLeavingArchive && Object.keys(rest).length > 0) {
    throw new ForgeError("forbidden", "The repository is archived, so it is read-only.");
  }
  const values: Values = {};
  if (change.name !== undefined && change.name !== row.name) {
    await refuseBadName(transaction, row, change.name);
    values.name = change.name;
  }
  if (change.description !== undefined && change.description !== row.description) {
    if (change.description.length > DESCRIPTION_CHARACTERS_MAX) {
      throw refuse("description", `A description has at most ${DESCRIPTION_CHARACTERS_MAX} characters.`);
    }
    values.description = change.description;
  }
  if (change.visibility !== undefined && change.visibility !== row.visibility) {
    if (change.visibility === "internal" && repository.ownerKind !== "organization") {
      throw refuse("visibility", "Only an organisation has internal repositories.");
    }
    values.visibility = change.visibility;
  }
  if (change.defaultBranch !== undefined && change.defaultBranch !== row.defaultBranch) {
    if (!(await store.hasBranch(transaction, row.id, change.defaultBranch))) {
      throw refuse("default_branch", `There is no branch ${change.defaultBranch}.`);
    }
    values.defaultBranch = change.defaultBranch;
  }
  if (change.refNamespaces !== undefined) {
    const problem = findNamespacesProblem(change.refNamespaces);
    if (problem !== undefined) throw refuse("ref_namespaces", problem);
    if (change.refNamespaces.join() !== row.refNamespaces.join()) {
      values.refNamespaces = [...change.refNamespaces];
    }
  }
  if (isArchived !== undefined && isArchived !== (row.archivedAt !== null)) {
    values.archivedAt = isArchived ? new Date() : null;
  }
  return values;
}

async function refuseBadName(transaction: Executor, row: Row, name: string): Promise<void> {
  const problem = findNameProblem(name);
  if (problem !== undefined) throw refuse("name", problem);
  if (await store.isNameTaken(transaction, row.ownerId, name, row.id)) {
    throw refuse("name", "name already exists on this account", "already_exists");
  }
}

function nameAction(values: Values): string {
  if (values.name !== undefined) return "repository.rename";
  if (values.visibility !== undefined) return "repository.visibility";
  if (values.archivedAt !== undefined) {
    return values.archivedAt === null ? "repository.unarchive" : "repository.archive";
  }
  if (values.refNamespaces !== undefined) return "repository.ref-namespaces";
  return values.defaultBranch === undefined ? "repository.update" : "repository.default-branch";
}

const pick = (row: Row, keys: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).filter(([key]) => keys.includes(key)));

/** @returns the error of one field */
export function refuse(field: string, message: string, code: FieldError["code"] = "invalid"): ForgeError {
  return new ForgeError("invalid", message, { fields: [{ resource: "Repository", field, code, message }] });
}
