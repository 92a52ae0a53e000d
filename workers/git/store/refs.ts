// Reads refs. They are moved by commit-push.ts alone. Invariant: whatever their number, one page of them is held.
import { and, asc, eq, gt, gte, inArray, lt, not, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { refs } from "../../../schema/tables/git.ts";
import type { Executor } from "../../core/db.ts";
import type { Oid } from "../object/oid.ts";
import { queryRows } from "./query-rows.ts";

export interface StoredRef {
  /** Full name, such as `refs/heads/main`. */
  readonly name: string;
  readonly oid: Oid;
  /** What an annotated tag finally points at; null for everything else. */
  readonly peeled: Oid | null;
}

/** Refs of the forge's own, which no client sees. */
export const HIDDEN_PREFIX = "refs/plue/";
/** Refs read by one query of a listing. */
const PAGE_REFS = 5000;

const columns = { name: refs.name, oid: refs.oid, peeled: refs.peeled };

const LAST_CHARACTER = "\u{10ffff}";

/** The names that begin with `prefix`: a range, as names are ordered by their bytes. */
function startsWith(prefix: string): SQL | undefined {
  return prefix === "" ? undefined : and(gte(refs.name, prefix), lt(refs.name, prefix + LAST_CHARACTER));
}

/**
 * Refs that a reader sees, ordered by name.
 * @param wanted `prefixes`: names that begin with one of these, all when there are none; `after`: names past this one
 */
export async function listRefs(
  query: Executor,
  repositoryId: number,
  wanted: { prefixes: readonly string[]; limit: number; after?: string },
): Promise<StoredRef[]> {
  const { prefixes, limit, after = "" } = wanted;
  const isHidden = startsWith(HIDDEN_PREFIX);
  const seen = and(eq(refs.repositoryId, repositoryId), isHidden && not(isHidden), gt(refs.name, after));
  if (prefixes.length === 0 || prefixes.includes("")) {
    return query.select(columns).from(refs).where(seen).orderBy(asc(refs.name)).limit(limit);
  }
  const lows = listDisjoint(prefixes);
  // One range of the index after the other, until there are enough: the ranges are in the order of the names.
  const statement = sql`SELECT found.name, found.oid, found.peeled
    FROM (SELECT low, at FROM unnest(${sql.param(lows)}::text[]) WITH ORDINALITY AS prefix (low, at) ORDER BY at) AS prefix
    CROSS JOIN LATERAL (
      SELECT ${refs.name}, ${refs.oid}, ${refs.peeled} FROM ${refs}
      WHERE ${seen} AND ${refs.name} >= low AND ${refs.name} < low || ${LAST_CHARACTER}
      ORDER BY ${refs.name} LIMIT ${limit}
    ) AS found
    ORDER BY prefix.at, found.name LIMIT ${limit}`;
  return queryRows(query, statement, refRow);
}

const refRow = z.object({ name: z.string(), oid: z.string(), peeled: z.string().nullable() });

/** The prefixes in the order of names, without those that another covers. */
function listDisjoint(prefixes: readonly string[]): string[] {
  const sorted = [...prefixes].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  const kept: string[] = [];
  for (const prefix of sorted) {
    const last = kept.at(-1);
    if (last === undefined || !prefix.startsWith(last)) kept.push(prefix);
  }
  return kept;
}

/** All refs that a reader sees and that begin with one of the prefixes, page by page, ordered by name. */
export async function* pageRefs(
  query: Executor,
  repositoryId: number,
  prefixes: readonly string[] = [],
): AsyncGenerator<StoredRef[]> {
  let after = "";
  for (;;) {
    const page = await listRefs(query, repositoryId, { prefixes, limit: PAGE_REFS, after });
    const last = page.at(-1);
    if (last !== undefined) yield page;
    if (last === undefined || page.length < PAGE_REFS) return;
    after = last.name;
  }
}

/** The first `limit` refs whose names begin with `prefix`, ordered by name. */
export async function listFirstRefs(
  query: Executor,
  repositoryId: number,
  prefix: string,
  limit: number,
): Promise<StoredRef[]> {
  return query
    .select(columns)
    .from(refs)
    .where(and(eq(refs.repositoryId, repositoryId), startsWith(prefix)))
    .orderBy(asc(refs.name))
    .limit(limit);
}

/** Asks for the first page at once, so that other work goes on while it is on its way. */
export function startPages<Page>(pages: AsyncGenerator<Page>): AsyncGenerator<Page> {
  const first = pages.next();
  first.catch(thrownToReader);
  return continuePages(first, pages);
}

// A failure is thrown to whoever reads the first page.
const thrownToReader = (): undefined => undefined;

async function* continuePages<Page>(
  first: Promise<IteratorResult<Page, unknown>>,
  pages: AsyncGenerator<Page>,
): AsyncGenerator<Page> {
  const { done, value } = await first;
  if (done) return;
  yield value;
  yield* pages;
}

/** The refs of these full names that exist, hidden ones included. */
export async function findRefs(
  query: Executor,
  repositoryId: number,
  names: readonly string[],
): Promise<StoredRef[]> {
  if (names.length === 0) return [];
  return query
    .select(columns)
    .from(refs)
    .where(and(eq(refs.repositoryId, repositoryId), inArray(refs.name, [...names])));
}

/** The refs that short or full names mean (gitrevisions): the name itself, then a tag, then a branch; else null. */
export async function resolveRefs(
  query: Executor,
  repositoryId: number,
  names: readonly string[],
): Promise<(StoredRef | null)[]> {
  const found = await findRefs(query, repositoryId, names.flatMap(listMeanings));
  const byName = new Map(found.map((ref) => [ref.name, ref]));
  return names.map((name) => {
    const meant = listMeanings(name).find((candidate) => byName.has(candidate));
    return meant === undefined ? null : (byName.get(meant) ?? null);
  });
}

const listMeanings = (name: string): string[] => [
  name,
  `refs/${name}`,
  `refs/tags/${name}`,
  `refs/heads/${name}`,
];
