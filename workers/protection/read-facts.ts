// The facts of one move that rules ask for, read from the graph, the objects and the database as they are asked.
import type { Executor } from "../core/db.ts";
import { JUDGED_COMMITS_LIMIT, JUDGED_GLOB_STEPS_LIMIT, JUDGED_TREES_LIMIT } from "../git/limits.ts";
import { ZERO_OID } from "../git/object/oid.ts";
import { isFastForward } from "../git/pack/fast-forward.ts";
import type { PackSet } from "../git/pack/pack-set.ts";
import type { ObjectReader } from "../git/store/object-reader.ts";
import type { RefMove } from "../git/store/protection.ts";
import { readContextStates } from "../statuses/service.ts";
import { findChangedPaths } from "./changed-paths.ts";
import { readCommitSignature, readSignedBytes } from "./commit-signature.ts";
import type { MoveFacts } from "./judge-move.ts";
import { listNewCommits } from "./new-commits.ts";
import { parseSshSignature, verifySshSignature } from "./ssh-signature.ts";
import * as store from "./store.ts";

interface FactSource {
  readonly transaction: Executor;
  readonly repositoryId: number;
  readonly defaultBranch: string;
  /** The repository as it will be. */
  readonly objects: ObjectReader & { readonly set: PackSet };
}

const TOO_MANY_COMMITS = `it brings more than ${JUDGED_COMMITS_LIMIT} commits, which are too many to be checked at once`;

/** Facts of a move that isn't a deletion. */
export function readFacts(source: FactSource, move: RefMove): MoveFacts {
  const { set } = source.objects;
  let listing: ReturnType<typeof listNew> | null = null;
  const listCommits = () => {
    listing ??= listNew(source, move);
    return listing;
  };
  return {
    isFastForward: () => isFastForward(set, move.before, move.after),
    async findUnmetContexts(contexts) {
      const states = await readContextStates(source.transaction, source.repositoryId, move.after, contexts);
      return contexts
        .filter((context) => states.get(context) !== "success")
        .map((context) => `${context} (${states.get(context) ?? "missing"})`);
    },
    async findMerge() {
      const commits = await listCommits();
      if (commits === null) return TOO_MANY_COMMITS;
      const merge = commits.find(({ parents }) => parents > 1);
      return merge === undefined ? null : `its history must be linear, and ${short(merge.oid)} is a merge`;
    },
    async findUnsigned() {
      const commits = await listCommits();
      if (commits === null) return TOO_MANY_COMMITS;
      return findUnsigned(
        source,
        commits.map(({ oid }) => oid),
      );
    },
    async findProtectedPath(globs) {
      const found = await findChangedPaths(
        source.objects,
        move.before,
        move.after,
        globs,
        JUDGED_TREES_LIMIT,
        JUDGED_GLOB_STEPS_LIMIT,
      );
      if (found.kind === "too-many") {
        return `it changes more than ${JUDGED_TREES_LIMIT} folders, which are too many to look for protected paths in`;
      }
      if (found.kind === "too-costly")
        return "it changes too many paths to look for protected ones among them";
      return found.paths.length === 0 ? null : `protected paths may not change: ${found.paths.join(", ")}`;
    },
  };
}

// What a new branch brings is what the default branch doesn't have yet.
async function listNew({ transaction, repositoryId, defaultBranch, objects }: FactSource, move: RefMove) {
  const known =
    move.before === ZERO_OID
      ? await store.findBranchTip(transaction, repositoryId, defaultBranch)
      : move.before;
  return listNewCommits(objects.set, move.after, known === null ? [] : [known], JUDGED_COMMITS_LIMIT);
}

async function findUnsigned(source: FactSource, oids: readonly string[]): Promise<string | null> {
  const signers = new Map<string, string>();
  for (const oid of oids) {
    const judged = await judgeSignature(source.objects, oid);
    if ("problem" in judged) return `commits must be signed, and ${short(oid)} ${judged.problem}`;
    signers.set(judged.fingerprint, oid);
  }
  const known = await store.listKnownKeys(source.transaction, [...signers.keys()]);
  for (const [fingerprint, oid] of signers) {
    if (!known.has(fingerprint)) {
      return `commits must be signed, and ${short(oid)} is by ${fingerprint}, which is nobody's SSH key here`;
    }
  }
  return null;
}

const UNVERIFIABLE = {
  none: "is not",
  openpgp: "has an OpenPGP signature, which can't be verified here: sign with an SSH key",
  x509: "has an X.509 signature, which can't be verified here: sign with an SSH key",
  unknown: "has a signature of an unknown kind",
};

async function judgeSignature(
  objects: ObjectReader,
  oid: string,
): Promise<{ fingerprint: string } | { problem: string }> {
  const commit = await objects.readObject(oid);
  if (commit === null) throw new Error(`${oid} isn't stored`);
  const signature = readCommitSignature(commit.bytes);
  if (signature.kind !== "ssh") return { problem: UNVERIFIABLE[signature.kind] };
  const parsed = parseSshSignature(signature.armored);
  const isGood = parsed !== null && (await verifySshSignature(parsed, readSignedBytes(commit.bytes)));
  return isGood ? { fingerprint: parsed.fingerprint } : { problem: "has a signature that isn't good" };
}

const short = (oid: string): string => oid.slice(0, 10);
