// Verifies a repository from end to end: every pack against itself, what they reference against each other, the refs
// against the packs, and R2 against the catalog.
import { and, asc, eq, gt } from "drizzle-orm";
import { packs, refs } from "../../../schema/tables/git.ts";
import type { Executor } from "../../core/db.ts";
import { GitError } from "../object/git-error.ts";
import { objectTypeName, TAG } from "../object/object-type.ts";
import { NOT_HERE, type PackSet } from "../pack/pack-set.ts";
import { peel } from "../pack/plan-fetch.ts";
import { markReachable } from "../pack/plan-fetch-visible.ts";
import { packColumns, type StoredPack } from "../store/catalog.ts";
import { parseStorageKey, repositoryPrefix } from "../store/keys.ts";
import { RepositoryPacks } from "../store/object-reader.ts";
import { openPacks } from "../store/pack-store.ts";
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

/** Looks at everything; says what it finds as it goes. Throws what Postgres and R2 throw. */
export async function* checkRepository(
  { bucket, database }: HousekeepingContext,
  repositoryId: number,
): AsyncGenerator<Finding> {
  const catalog = await database.query
    .select({ ...packColumns, state: packs.state })
    .from(packs)
    .where(eq(packs.repositoryId, repositoryId));
  const whole: StoredPack[] = [];
  for (const pack of catalog) {
    if (pack.state === "deleting") {
      yield { level: "note", message: `pack ${pack.sha} is being deleted` };
      continue;
    }
    const missing = await findMissingKeys(bucket, pack);
    for (const key of missing) yield { level: "error", message: `${key} is not in R2` };
    if (missing.length > 0 || pack.state !== "live") continue;
    const problems = await checkStoredPack(bucket, pack);
    for (const message of problems) yield { level: "error", message };
    if (problems.length > 0) continue;
    whole.push(pack);
    yield { level: "note", message: `pack ${pack.sha} with ${pack.objectCount} objects is whole` };
  }
  const { set } = new RepositoryPacks(await openPacks(bucket, whole));
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
