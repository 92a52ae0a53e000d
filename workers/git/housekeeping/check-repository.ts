// Verifies a repository from end to end, in parts that each fit a request: every pack against itself; and then what they
// reference against each other, the refs against the packs, and R2 against the catalog.
import { and, asc, eq, gt } from "drizzle-orm";
import { packs, refs } from "../../../schema/tables/git.ts";
import type { Executor } from "../../core/db.ts";
import { ForgeError } from "../../core/errors.ts";
import { describeCause } from "../../core/log.ts";
import { GitError } from "../object/git-error.ts";
import { objectTypeName, TAG } from "../object/object-type.ts";
import type { Oid } from "../object/oid.ts";
import { NOT_HERE, type PackSet } from "../pack/pack-set.ts";
import { peel } from "../pack/plan-fetch.ts";
import { markReachable } from "../pack/plan-fetch-visible.ts";
import { packColumns } from "../store/catalog.ts";
import { parseStorageKey, repositoryPrefix } from "../store/keys.ts";
import { RepositoryPacks } from "../store/object-reader.ts";
import { type OpenPack, openPacks } from "../store/pack-store.ts";
import type { StoredRef } from "../store/refs.ts";
import { checkStoredPack, findMissingKeys } from "./check-stored-pack.ts";
import type { HousekeepingContext } from "./housekeeping-context.ts";

/** An `error` is damage; a `note` is what housekeeping will see to by itself, or progress. */
export interface Finding {
  readonly level: "error" | "note";
  readonly message: string;
}

const PAGE_REFS = 5000;
/** Errors of one kind that are listed one by one. */
const LISTED_ERRORS = 100;

const readPacks = ({ database }: HousekeepingContext, repositoryId: number) =>
  database.query
    .select({ ...packColumns, state: packs.state })
    .from(packs)
    .where(eq(packs.repositoryId, repositoryId))
    .orderBy(asc(packs.sha));

/** The packs that are to be checked one by one. What each takes is bounded by what a pack may hold. */
export async function listCheckedPacks(context: HousekeepingContext, repositoryId: number): Promise<Oid[]> {
  return (await readPacks(context, repositoryId)).map(({ sha }) => sha);
}

/** Reads a pack to its last byte. One that has gone meanwhile has nothing wrong with it. */
export async function* checkPack(
  context: HousekeepingContext,
  repositoryId: number,
  sha: Oid,
): AsyncGenerator<Finding> {
  const { bucket } = context;
  const pack = (await readPacks(context, repositoryId)).find((one) => one.sha === sha);
  if (pack === undefined) return yield { level: "note", message: `pack ${sha} is gone` };
  if (pack.state === "deleting") return yield { level: "note", message: `pack ${sha} is being deleted` };
  const missing = await findMissingKeys(bucket, pack);
  for (const key of missing) yield { level: "error", message: `${key} is not in R2` };
  if (missing.length > 0 || pack.state !== "live") return;
  const problems = await checkStoredPack(bucket, pack);
  for (const message of problems) yield { level: "error", message };
  if (problems.length > 0) return;
  yield { level: "note", message: `pack ${sha} with ${pack.objectCount} objects is whole` };
}

/** Looks at what lies between packs, by their indexes and graphs: references, refs, and what no row names. */
export async function* checkReferences(
  context: HousekeepingContext,
  repositoryId: number,
): AsyncGenerator<Finding> {
  const { bucket, database } = context;
  const catalog = await readPacks(context, repositoryId);
  const opened: OpenPack[] = [];
  for (const pack of catalog) {
    if (pack.state !== "live") continue;
    try {
      opened.push(...(await openPacks(bucket, [pack])));
    } catch (error) {
      // What is wrong with it checkPack says; here its objects are missing.
      if (!(error instanceof GitError || error instanceof ForgeError)) throw error;
      yield { level: "error", message: `pack ${pack.sha} can't be opened: ${describeCause(error)}` };
    }
  }
  const { set } = new RepositoryPacks(opened);
  yield* checkExternals(set);
  yield* checkRefs(database.query, repositoryId, set);
  yield* findOrphans(bucket, repositoryId, new Set(catalog.map(({ storageKey }) => storageKey)));
}

/** What packs reference beyond themselves must be there, and of the right type. */
function* checkExternals(set: PackSet): Generator<Finding> {
  for (const { index, graph } of set.members) {
    let listed = 0;
    for (let external = 0; external < graph.externalCount && listed < LISTED_ERRORS; external++) {
      const oid = graph.externalOid(external);
      const number = set.find(oid);
      const expected = graph.externalKind(external);
      const actual = number === NOT_HERE ? "missing" : objectTypeName(set.typeCodeAt(number));
      if (actual === expected) continue;
      listed++;
      const is = actual === "missing" ? actual : `a ${actual}`;
      yield { level: "error", message: `pack ${index.packSha} needs ${expected} ${oid}, which is ${is}` };
    }
  }
}

async function* checkRefs(query: Executor, repositoryId: number, set: PackSet): AsyncGenerator<Finding> {
  const tips: number[] = [];
  let after = "";
  for (;;) {
    const page = await query
      .select({ name: refs.name, oid: refs.oid, peeled: refs.peeled })
      .from(refs)
      .where(and(eq(refs.repositoryId, repositoryId), gt(refs.name, after)))
      .orderBy(asc(refs.name))
      .limit(PAGE_REFS);
    for (const ref of page) {
      const number = set.find(ref.oid);
      if (number !== NOT_HERE) tips.push(number);
      const message =
        number === NOT_HERE
          ? `${ref.name} points at ${ref.oid}, which is missing`
          : judgeRef(set, ref, number);
      if (message !== null) yield { level: "error", message };
    }
    after = page.at(-1)?.name ?? "";
    if (page.length < PAGE_REFS) break;
  }
  try {
    const reached = markReachable(set, tips).reduce((sum, mark) => sum + mark, 0);
    yield { level: "note", message: `refs reach ${reached} of ${set.size} stored objects` };
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    yield { level: "error", message: `the refs' history has a gap: ${error.message}` };
  }
}

function judgeRef(set: PackSet, { name, oid, peeled }: StoredRef, number: number): string | null {
  const isTag = set.typeCodeAt(number) === TAG;
  try {
    const expected = isTag ? set.oidAt(peel(set, number)) : null;
    return peeled === expected
      ? null
      : `${name} is peeled to ${peeled}, but ${oid} is ${expected ?? "no tag"}`;
  } catch (error) {
    if (error instanceof GitError) return `${name} can't be peeled: ${error.message}`;
    throw error;
  }
}

async function* findOrphans(
  bucket: R2Bucket,
  repositoryId: number,
  named: ReadonlySet<string>,
): AsyncGenerator<Finding> {
  let startAfter: string | undefined;
  do {
    const place = startAfter === undefined ? {} : { startAfter };
    const listed = await bucket.list({ prefix: repositoryPrefix(repositoryId), ...place });
    for (const { key } of listed.objects) {
      const storageKey = parseStorageKey(key);
      if (storageKey === null || named.has(storageKey)) continue;
      yield { level: "note", message: `orphan: ${key}` };
    }
    startAfter = listed.truncated ? listed.objects.at(-1)?.key : undefined;
  } while (startAfter !== undefined);
}
