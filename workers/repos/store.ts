// The SQL of repositories. Names compare without case, as the unique index does.
import { and, desc, eq, or, type SQL, sql } from "drizzle-orm";
import { users } from "../../schema/tables/auth.ts";
import { repositories } from "../../schema/tables/git.ts";
import type { Executor } from "../core/db.ts";

const shape = {
  id: repositories.id,
  ownerId: repositories.ownerId,
  owner: users.username,
  name: repositories.name,
  description: repositories.description,
  isPrivate: repositories.isPrivate,
  defaultBranch: repositories.defaultBranch,
  pushedAt: repositories.pushedAt,
  createdAt: repositories.createdAt,
  updatedAt: repositories.updatedAt,
};

export interface Repository {
  id: number;
  ownerId: number;
  owner: string;
  name: string;
  description: string;
  isPrivate: boolean;
  defaultBranch: string;
  pushedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export async function findByName(
  query: Executor,
  owner: string,
  name: string,
): Promise<Repository | undefined> {
  const [row] = await query
    .select(shape)
    .from(repositories)
    .innerJoin(users, eq(users.id, repositories.ownerId))
    .where(
      and(sql`lower(${users.username}) = lower(${owner})`, sql`lower(${repositories.name}) = lower(${name})`),
    );
  return row;
}

export async function findById(query: Executor, id: number): Promise<Repository | undefined> {
  const [row] = await query
    .select(shape)
    .from(repositories)
    .innerJoin(users, eq(users.id, repositories.ownerId))
    .where(eq(repositories.id, id));
  return row;
}

/** `everything`: an admin's view; else public ones and those of `userId`. */
interface Visibility {
  everything: boolean;
  userId: number | undefined;
}

export async function listVisible(query: Executor, visibility: Visibility, offset: number, limit: number) {
  return query
    .select(shape)
    .from(repositories)
    .innerJoin(users, eq(users.id, repositories.ownerId))
    .where(visibleTo(visibility))
    .orderBy(sql`${repositories.pushedAt} DESC NULLS LAST`, desc(repositories.id))
    .offset(offset)
    .limit(limit);
}

export async function countVisible(query: Executor, visibility: Visibility): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(repositories)
    .where(visibleTo(visibility));
  return row?.total ?? 0;
}

export async function listOwned(
  query: Executor,
  ownerId: number,
  withPrivate: boolean,
  offset: number,
  limit: number,
) {
  return query
    .select(shape)
    .from(repositories)
    .innerJoin(users, eq(users.id, repositories.ownerId))
    .where(ownedBy(ownerId, withPrivate))
    .orderBy(repositories.name)
    .offset(offset)
    .limit(limit);
}

export async function countOwned(query: Executor, ownerId: number, withPrivate: boolean): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(repositories)
    .where(ownedBy(ownerId, withPrivate));
  return row?.total ?? 0;
}

/** @returns the new id, or undefined when the owner has one of that name. */
export async function insert(
  query: Executor,
  repository: {
    ownerId: number;
    name: string;
    description: string;
    isPrivate: boolean;
    defaultBranch: string;
  },
): Promise<number | undefined> {
  const [row] = await query
    .insert(repositories)
    .values(repository)
    .onConflictDoNothing()
    .returning({ id: repositories.id });
  return row?.id;
}

function visibleTo(visibility: Visibility): SQL | undefined {
  if (visibility.everything) return undefined;
  const isPublic = eq(repositories.isPrivate, false);
  return visibility.userId === undefined
    ? isPublic
    : or(isPublic, eq(repositories.ownerId, visibility.userId));
}

function ownedBy(ownerId: number, withPrivate: boolean): SQL | undefined {
  const owned = eq(repositories.ownerId, ownerId);
  return withPrivate ? owned : and(owned, eq(repositories.isPrivate, false));
}
