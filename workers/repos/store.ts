// The SQL of repositories. Names compare without case, as the unique index does.
import { and, asc, desc, eq, gt, inArray, lt, ne, or, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { type RepositoryRole, roleOfRank, type Visibility } from "../../schema/roles.ts";
import { users } from "../../schema/tables/auth.ts";
import { packs, repositories, repositoryRedirects } from "../../schema/tables/git.ts";
import type { Executor } from "../core/db.ts";
import { isGrantedTo, rankOf } from "./grants.ts";

const shape = {
  id: repositories.id,
  ownerId: repositories.ownerId,
  owner: users.username,
  ownerKind: sql<"person" | "organization">`${users.kind}`,
  name: repositories.name,
  description: repositories.description,
  visibility: sql<Visibility>`${repositories.visibility}`,
  isPrivate: sql<boolean>`${repositories.visibility} <> 'public'`,
  isArchived: sql<boolean>`${repositories.archivedAt} IS NOT NULL`,
  defaultBranch: repositories.defaultBranch,
  sizeKib: sql<number>`(SELECT ceil(coalesce(sum(size_bytes), 0) / 1024)::int FROM ${packs}
    WHERE ${packs.repositoryId} = ${repositories.id} AND ${packs.state} = 'live')`,
  pushedAt: repositories.pushedAt,
  createdAt: repositories.createdAt,
  updatedAt: repositories.updatedAt,
};

export interface Repository {
  id: number;
  ownerId: number;
  owner: string;
  ownerKind: "person" | "organization";
  name: string;
  description: string;
  visibility: Visibility;
  /** Whether it is anything but public. */
  isPrivate: boolean;
  isArchived: boolean;
  /** Of the user it was looked up for. */
  role: RepositoryRole | null;
  defaultBranch: string;
  /** What its packs take. */
  sizeKib: number;
  pushedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** `userId`: whose role is told; null for nobody's. */
export async function findByName(
  query: Executor,
  owner: string,
  name: string,
  userId: number | null,
): Promise<Repository | undefined> {
  const [row] = await query
    .select({ ...shape, rank: rankOf(userId) })
    .from(repositories)
    .innerJoin(users, eq(users.id, repositories.ownerId))
    .where(isCalled(owner, name));
  return row && toRepository(row);
}

const besideSchema = z
  .object({
    id: z.number(),
    ownerId: z.number(),
    owner: z.string(),
    ownerKind: z.enum(["person", "organization"]),
    name: z.string(),
    description: z.string(),
    visibility: z.enum(["public", "internal", "private"]),
    isPrivate: z.boolean(),
    isArchived: z.boolean(),
    defaultBranch: z.string(),
    sizeKib: z.number(),
    pushedAt: z.coerce.date().nullable(),
    createdAt: z.coerce.date(),
    updatedAt: z.coerce.date(),
    rank: z.number().nullable(),
  })
  .nullable();

/**
 * What `findByName` finds, as a column of another statement, for `readRepositoryColumn`.
 * @param userId a column of that statement, of a table other than `users` and `repositories`; null for nobody
 */
export function repositoryColumn(owner: string, name: string, userId: SQL | null): SQL<unknown> {
  const columns = Object.entries({ ...shape, rank: rankOf(userId) }).map(
    ([key, column]) => sql`${sql.raw(`'${key}'`)}, ${column}`,
  );
  return sql<unknown>`(SELECT json_build_object(${sql.join(columns, sql`, `)})
    FROM ${repositories} INNER JOIN ${users} ON ${users.id} = ${repositories.ownerId}
    WHERE ${isCalled(owner, name)})`;
}

/** Reads what `repositoryColumn` gave. */
export function readRepositoryColumn(column: unknown): Repository | undefined {
  const row = besideSchema.parse(column);
  return row === null ? undefined : toRepository(row);
}

const isCalled = (owner: string, name: string): SQL =>
  sql`lower(${users.username}) = lower(${owner}) AND lower(${repositories.name}) = lower(${name})`;

/** As `findByName`, by a name that it had; undefined for one that was never left or that another has taken. */
export async function findByFormerName(
  query: Executor,
  owner: string,
  name: string,
  userId: number | null,
): Promise<Repository | undefined> {
  const [row] = await query
    .select({ ...shape, rank: rankOf(userId) })
    .from(repositories)
    .innerJoin(users, eq(users.id, repositories.ownerId))
    .innerJoin(repositoryRedirects, eq(repositoryRedirects.repositoryId, repositories.id))
    .where(
      and(
        sql`lower(${repositoryRedirects.owner}) = lower(${owner})`,
        sql`lower(${repositoryRedirects.name}) = lower(${name})`,
      ),
    );
  return row && toRepository(row);
}

/** As `findByName`, by id. */
export async function findById(
  query: Executor,
  id: number,
  userId: number | null,
): Promise<Repository | undefined> {
  const [row] = await query
    .select({ ...shape, rank: rankOf(userId) })
    .from(repositories)
    .innerJoin(users, eq(users.id, repositories.ownerId))
    .where(eq(repositories.id, id));
  return row && toRepository(row);
}

function toRepository({ rank, ...row }: Omit<Repository, "role"> & { rank: number | null }): Repository {
  return { ...row, role: roleOfRank(rank) };
}

/** Whose list it is; `repositoryIds`: all that their token reaches, null when it isn't limited. */
interface Viewer {
  userId: number | null;
  /** An admin's view. */
  seesEverything: boolean;
  repositoryIds: readonly number[] | null;
}

export async function listVisible(
  query: Executor,
  viewer: Viewer,
  offset: number,
  limit: number,
): Promise<Repository[]> {
  const rows = await query
    .select({ ...shape, rank: rankOf(viewer.userId) })
    .from(repositories)
    .innerJoin(users, eq(users.id, repositories.ownerId))
    .where(visibleTo(viewer))
    .orderBy(sql`${repositories.pushedAt} DESC NULLS LAST`, desc(repositories.id))
    .offset(offset)
    .limit(limit);
  return rows.map(toRepository);
}

export async function countVisible(query: Executor, viewer: Viewer): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(repositories)
    .where(visibleTo(viewer));
  return row?.total ?? 0;
}

export type Affiliation = "owner" | "collaborator" | "organization_member";

/** Which repositories a list is of: those that fit all that is said. */
export interface Among {
  ownerId?: number;
  ids?: readonly number[];
  /** Those that somebody has in one of these ways. */
  belongingTo?: { userId: number; by: readonly Affiliation[] };
  /** `private` is whatever isn't public, as the field of that name. */
  visibility?: Visibility | undefined;
  updatedAfter?: Date | undefined;
  updatedBefore?: Date | undefined;
}

export interface Order {
  by: "created" | "updated" | "pushed" | "full_name";
  direction: "asc" | "desc";
}

export async function listAmong(
  query: Executor,
  viewer: Viewer,
  among: Among,
  order: Order,
  { offset, limit }: { offset: number; limit: number },
): Promise<Repository[]> {
  const rows = await query
    .select({ ...shape, rank: rankOf(viewer.userId) })
    .from(repositories)
    .innerJoin(users, eq(users.id, repositories.ownerId))
    .where(and(isAmong(among), visibleTo(viewer)))
    .orderBy(...toColumns(order))
    .offset(offset)
    .limit(limit);
  return rows.map(toRepository);
}

function toColumns({ by, direction }: Order): SQL[] {
  const columns = {
    created: [repositories.createdAt],
    updated: [repositories.updatedAt],
    // As it is answered: when it was made, until the first push.
    pushed: [sql`coalesce(${repositories.pushedAt}, ${repositories.createdAt})`],
    full_name: [sql`lower(${users.username})`, sql`lower(${repositories.name})`],
  }[by];
  return [...columns, repositories.id].map((column) => (direction === "asc" ? asc(column) : desc(column)));
}

export async function countAmong(query: Executor, viewer: Viewer, among: Among): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(repositories)
    .where(and(isAmong(among), visibleTo(viewer)));
  return row?.total ?? 0;
}

function isAmong(among: Among): SQL | undefined {
  const { ownerId, ids, belongingTo, visibility, updatedAfter, updatedBefore } = among;
  return and(
    ownerId === undefined ? undefined : eq(repositories.ownerId, ownerId),
    ids === undefined ? undefined : inArray(repositories.id, ids.length === 0 ? [0] : [...ids]),
    belongingTo && or(...belongingTo.by.map((way) => belongsBy(belongingTo.userId, way)), sql`false`),
    visibility && hasVisibility(visibility),
    updatedAfter && gt(repositories.updatedAt, updatedAfter),
    updatedBefore && lt(repositories.updatedAt, updatedBefore),
  );
}

const hasVisibility = (visibility: Visibility): SQL =>
  visibility === "private" ? ne(repositories.visibility, "public") : eq(repositories.visibility, visibility);

function belongsBy(userId: number, way: Affiliation): SQL | undefined {
  if (way === "owner") return eq(repositories.ownerId, userId);
  if (way === "collaborator") {
    return sql`${repositories.id} IN (
      SELECT invited.repository_id FROM collaborators invited WHERE invited.user_id = ${userId})`;
  }
  const isOfOrganization = sql`${repositories.ownerId} IN (
    SELECT member.organization_id FROM organization_members member
    WHERE member.user_id = ${userId} AND member.role IN ('owner', 'member'))`;
  return and(isOfOrganization, isGrantedTo(userId));
}

/** @returns the new id, or undefined when the owner has one of that name. */
export async function insert(
  transaction: Executor,
  repository: {
    ownerId: number;
    name: string;
    description: string;
    visibility: Visibility;
    defaultBranch: string;
  },
): Promise<number | undefined> {
  // Before the name is in the index: whoever renames one holds the owner's row and then waits for the name.
  await transaction
    .select({ id: users.id })
    .from(users)
    .where(eq(users.id, repository.ownerId))
    .for("key share");
  const [row] = await transaction
    .insert(repositories)
    .values(repository)
    .onConflictDoNothing()
    .returning({ id: repositories.id });
  return row?.id;
}

function visibleTo({ userId, seesEverything, repositoryIds }: Viewer): SQL | undefined {
  const isReached = repositoryIds === null ? undefined : inArray(repositories.id, [...repositoryIds]);
  if (seesEverything) return isReached;
  const isPublic = eq(repositories.visibility, "public");
  return and(isReached, userId === null ? isPublic : or(isPublic, isGrantedTo(userId)));
}
