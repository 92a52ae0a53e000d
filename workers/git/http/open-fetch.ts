// Makes a client's request concrete: ids and names become objects of the repository. Invariant: nothing is wanted
// from here on that the refs the reader may see don't reach.
import type { Database } from "../../core/db.ts";
import { GitError } from "../object/git-error.ts";
import { type Oid, ZERO_OID } from "../object/oid.ts";
import { NOT_HERE, type PackSet } from "../pack/pack-set.ts";
import { peel } from "../pack/plan-fetch.ts";
import type { DeepenTo } from "../pack/plan-fetch-shallow.ts";
import { findInvisible } from "../store/find-invisible.ts";
import { RepositoryPacks } from "../store/object-reader.ts";
import { openPacks } from "../store/pack-store.ts";
import { resolveRefs, type StoredRef } from "../store/refs.ts";
import { type RepositorySnapshot, readSnapshot } from "../store/snapshot.ts";
import type { Deepen, FetchRequest } from "../wire/fetch-request.ts";
import { findWantedRefs, fullNameOf } from "../wire/wanted-refs.ts";
import type { GitRepository } from "./dependencies.ts";
import { nameQuestion, type QuestionNames } from "./name-question.ts";

export interface FetchContext {
  readonly bucket: R2Bucket;
  readonly database: Database;
  readonly repository: GitRepository;
}

/** A fetch of what its reader may see. */
export interface AdmittedFetch {
  readonly request: FetchRequest;
  readonly snapshot: RepositorySnapshot;
  /** The refs that were wanted by name, under the names that the client used. */
  readonly wantedRefs: readonly Pick<StoredRef, "name" | "oid">[];
  /** What its plan and its answer are kept by; null where they aren't. */
  readonly names: QuestionNames | null;
  /** The repository's packs, where judging the wants took them. */
  readonly packs: RepositoryPacks | null;
}

export interface OpenFetch extends AdmittedFetch {
  readonly packs: RepositoryPacks;
  /** Numbers of what is wanted. */
  readonly wants: readonly number[];
}

/**
 * Finds out whether what is wanted may be seen, by the refs of this moment. Throws GitError `bad_protocol` for what isn't
 * there or may not be.
 */
export async function admitFetch(
  context: FetchContext & { readonly buildVersion: string },
  request: FetchRequest,
): Promise<AdmittedFetch> {
  const { database, repository, buildVersion } = context;
  const headTarget = `refs/heads/${repository.defaultBranch}`;
  const snapshot = await readSnapshot(database.query, repository.id, {
    oids: request.wants,
    names: request.wantRefs.map((name) => fullNameOf(name, headTarget)),
    tags: request.includeTag,
  });
  const wantedRefs = findWantedRefs(request.wantRefs, snapshot.refs, headTarget);
  const unproven = [...new Set(request.wants)].filter((oid) => !snapshot.tips.has(oid));
  const packs = unproven.length === 0 ? null : await openSnapshot(context, snapshot);
  if (packs !== null) await requireVisible(context, snapshot, packs.set, unproven);
  const names = nameQuestion(snapshot, request, wantedRefs, buildVersion);
  return { request, snapshot, wantedRefs, names, packs };
}

/** Opens the repository for a fetch. */
export async function openFetch(context: FetchContext, admitted: AdmittedFetch): Promise<OpenFetch> {
  const { request, snapshot, wantedRefs } = admitted;
  const packs = admitted.packs ?? (await openSnapshot(context, snapshot));
  const wanted = [...request.wants, ...wantedRefs.map(({ oid }) => oid)];
  const wants = new Set(wanted.map((oid) => findWanted(packs.set, oid)));
  return { ...admitted, packs, wants: [...wants] };
}

async function openSnapshot(
  { bucket }: FetchContext,
  { packs }: RepositorySnapshot,
): Promise<RepositoryPacks> {
  return new RepositoryPacks(await openPacks(bucket, packs));
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
async function requireVisible(
  { database }: FetchContext,
  snapshot: RepositorySnapshot,
  set: PackSet,
  oids: readonly Oid[],
): Promise<void> {
  for (const oid of oids) findWanted(set, oid);
  const hidden = await findInvisible(database.query, snapshot, set, oids);
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
  const refs = await resolveRefs(context.database.query, context.repository.id, deepen.notRefs);
  const not = deepen.notRefs.map((name, at) => {
    const number = set.find(refs[at]?.oid ?? ZERO_OID);
    if (number === NOT_HERE)
      throw new GitError("bad_protocol", `ambiguous deepen-not: ${name.slice(0, 200)}`);
    return peel(set, number);
  });
  return { kind: "revisions", sinceSeconds: deepen.sinceSeconds, not };
}
