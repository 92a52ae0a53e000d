// Makes a client's request concrete: ids and names become objects of the repository. Invariant: nothing is wanted
// from here on that the refs the reader may see don't reach.
import type { Database } from "../../core/db.ts";
import { GitError } from "../object/git-error.ts";
import type { Oid } from "../object/oid.ts";
import { NOT_HERE, type PackSet } from "../pack/pack-set.ts";
import { peel } from "../pack/plan-fetch.ts";
import type { DeepenTo } from "../pack/plan-fetch-shallow.ts";
import { findInvisible } from "../store/find-invisible.ts";
import { RepositoryPacks } from "../store/object-reader.ts";
import { openPacks } from "../store/pack-store.ts";
import { pageRefs, resolveRef, type StoredRef, startPages } from "../store/refs.ts";
import { readSnapshot } from "../store/snapshot.ts";
import type { Deepen, FetchRequest } from "../wire/fetch-request.ts";
import type { GitRepository } from "./dependencies.ts";

export interface FetchContext {
  readonly bucket: R2Bucket;
  readonly database: Database;
  readonly repository: GitRepository;
}

export interface OpenFetch {
  readonly request: FetchRequest;
  readonly packs: RepositoryPacks;
  /** Numbers of what is wanted. */
  readonly wants: readonly number[];
  /** Tags that may have to be sent along, page by page; null unless the client asked for that. */
  readonly tagPages: AsyncGenerator<StoredRef[]> | null;
  /** The refs that were wanted by name, under the names that the client used. */
  readonly wantedRefs: readonly Pick<StoredRef, "name" | "oid">[];
}

/** Opens the repository and finds what is wanted. Throws GitError `bad_protocol` for what isn't there or may not be seen. */
export async function openFetch(context: FetchContext, request: FetchRequest): Promise<OpenFetch> {
  const { bucket, database, repository } = context;
  const headTarget = `refs/heads/${repository.defaultBranch}`;
  const fullNameOf = (name: string) => (name === "HEAD" ? headTarget : name);
  const asked = { oids: request.wants, names: request.wantRefs.map(fullNameOf) };
  const tagPages = request.includeTag
    ? startPages(pageRefs(database.query, repository.id, ["refs/tags/"]))
    : null;
  const snapshot = await readSnapshot(database.query, repository.id, asked);
  const packs = new RepositoryPacks(await openPacks(bucket, snapshot.packs));
  const wantedRefs = request.wantRefs.map((name) => {
    const ref = snapshot.refs.find((one) => one.name === fullNameOf(name));
    if (ref === undefined) throw new GitError("bad_protocol", `unknown ref ${name.slice(0, 200)}`);
    return { name, oid: ref.oid };
  });
  const wants = new Set<number>();
  const unproven: Oid[] = [];
  for (const oid of new Set(request.wants)) {
    wants.add(findWanted(packs.set, oid));
    if (!snapshot.tips.has(oid)) unproven.push(oid);
  }
  for (const { oid } of wantedRefs) wants.add(findWanted(packs.set, oid));
  if (unproven.length > 0) await requireVisible(context, packs.set, unproven);
  return { request, packs, wants: [...wants], wantedRefs, tagPages };
}

function findWanted(set: PackSet, oid: Oid): number {
  const number = set.find(oid);
  if (number === NOT_HERE) throw notOurRef(oid);
  return number;
}

function notOurRef(oid: Oid): GitError {
  return new GitError("bad_protocol", `upload-pack: not our ref ${oid}`);
}

/** Throws unless every one of the ids is reached by a ref that the reader may see. */
async function requireVisible(context: FetchContext, set: PackSet, oids: readonly Oid[]): Promise<void> {
  const hidden = await findInvisible(context.database.query, context.repository.id, set, oids);
  if (hidden !== null) throw notOurRef(hidden);
}

/** Numbers of those ids that the repository has. */
export function findKnown(set: PackSet, oids: readonly Oid[]): number[] {
  return oids.map((oid) => set.find(oid)).filter((number) => number !== NOT_HERE);
}

/** Resolves the refs whose history is to be left out. Throws GitError `bad_protocol` for one that doesn't exist. */
export async function resolveDeepen(
  context: FetchContext,
  set: PackSet,
  deepen: Deepen | null,
): Promise<DeepenTo | null> {
  if (deepen === null || deepen.kind === "depth") return deepen;
  const not: number[] = [];
  for (const name of deepen.notRefs) {
    const ref = await resolveRef(context.database.query, context.repository.id, name);
    const number = ref === null ? NOT_HERE : set.find(ref.oid);
    if (number === NOT_HERE) throw new GitError("bad_protocol", `ambiguous deepen-not: ${name}`);
    not.push(peel(set, number));
  }
  return { kind: "revisions", sinceSeconds: deepen.sinceSeconds, not };
}
