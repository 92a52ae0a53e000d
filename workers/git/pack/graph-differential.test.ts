// Every graph of every push of a history, object by object, against what git says: wide directories made up from a seed, this
// repository's own history, packages that lie in node_modules with edits made up, and published versions of packages.
// PLUE_WIDE multiplies the made up histories; PLUE_NPM_VERSIONS is how many versions are fetched of each package (none).
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { askGit, findWrong, type GitOracle, listByGit } from "../testing/git-oracle.ts";
import { MemorySpool, streamOf } from "../testing/ingest-bytes.ts";
import { createFolder, createRepository, RealRepository } from "../testing/real-git.ts";
import { writeWideHistory } from "../testing/wide-history.ts";
import { IngestPaused, openSavedIngest } from "./ingest-checkpoint.ts";
import { ingestPack } from "./ingest-pack.ts";
import type { ExternalObject, IngestedPack, SavedIngest } from "./ingest-types.ts";
import { parsePackGraph } from "./pack-graph.ts";
import { parsePackIndex } from "./pack-index.ts";
import { createMemorySource } from "./range-source.ts";

const root = resolve(import.meta.dirname, "../../..");
const SCALE = Number(process.env.PLUE_WIDE ?? 1);
const NPM_VERSIONS = Number(process.env.PLUE_NPM_VERSIONS ?? 0);
const NPM_PACKAGES = ["core-js", "lodash", "date-fns", "@types/node"];
const TIMEOUT_MS = 600_000;

interface Ways {
  /** Commits that a push brings. */
  readonly perPush: number;
  readonly isThin: boolean;
  /** As an import takes it in: in goes of so many objects. */
  readonly objectsPerGo?: number;
  readonly options?: readonly string[];
}

const WAYS: [string, Ways][] = [
  ["all in one push", { perPush: Number.POSITIVE_INFINITY, isThin: false }],
  ["some commits a push, thin", { perPush: 5, isThin: true }],
  ["one commit a push, thin", { perPush: 1, isThin: true }],
  [
    "some commits a push, with reference deltas",
    { perPush: 7, isThin: false, options: ["--no-delta-base-offset"] },
  ],
  ["an import in goes", { perPush: Number.POSITIVE_INFINITY, isThin: false, objectsPerGo: 300 }],
];

function readObject(repository: RealRepository, oracle: GitOracle, oid: string): ExternalObject | null {
  const type = oracle.get(oid)?.type;
  if (type !== "blob" && type !== "tree" && type !== "commit" && type !== "tag") return null;
  return { type, bytes: repository.git(["cat-file", type, oid]) };
}

/** Receives a pack as a push or an import is received. */
async function receive(
  pack: Uint8Array,
  objectsPerGo: number | undefined,
  readExternal: (oid: string) => Promise<ExternalObject | null>,
): Promise<IngestedPack> {
  if (objectsPerGo === undefined) {
    return ingestPack({ body: streamOf(pack), spool: new MemorySpool(), readExternal });
  }
  const source = createMemorySource(pack);
  let saved: SavedIngest | null = null;
  for (;;) {
    const aside: Uint8Array[] = [];
    const from: number = saved?.head.scannedBytes ?? 0;
    try {
      return await ingestPack({
        body: streamOf(pack.subarray(from)),
        spool: { append: async () => undefined, source: async () => source },
        readExternal,
        sitting: {
          ...{ saved, objects: objectsPerGo, inflatedBytes: Number.MAX_SAFE_INTEGER },
          save: (_, write) =>
            write(async (bytes) => {
              aside.push(bytes.slice());
            }),
        },
      });
    } catch (error) {
      if (!(error instanceof IngestPaused)) throw error;
      saved = await openSavedIngest(createMemorySource(Buffer.concat(aside)));
    }
  }
}

/** Pushes a history in some way; looks at each graph. @returns how many objects and trees were compared */
async function compareHistory(repository: RealRepository, oracle: GitOracle, ways: Ways, tip = "main") {
  const commits = repository.text(["rev-list", "--first-parent", "--reverse", tip]).split("\n");
  const wrong: string[] = [];
  let [objects, trees, widest, packs] = [0, 0, 0, 0];
  for (let at = 0; at < commits.length; at += ways.perPush) {
    const after = commits[Math.min(at + ways.perPush, commits.length) - 1]!;
    const revisions = at === 0 ? [after] : [after, `^${commits[at - 1]}`];
    const options = [
      ...(ways.isThin ? ["--thin"] : []),
      ...(ways.options ?? []),
      "--window=10",
      "--depth=50",
    ];
    const pack = repository.pack(revisions, options);
    const ingested = await receive(pack, ways.objectsPerGo, async (oid) =>
      readObject(repository, oracle, oid),
    );
    const index = parsePackIndex(ingested.idx, ingested.sizeBytes);
    wrong.push(...findWrong(index, parsePackGraph(ingested.graph, index), oracle));
    packs++;
    for (let position = 0; position < index.count; position++) {
      const known = oracle.get(index.oidAt(position));
      objects++;
      if (known?.type !== "tree") continue;
      trees++;
      widest = Math.max(widest, known.references.length);
    }
  }
  expect(wrong).toEqual([]);
  return { packs, objects, trees, widest };
}

function importStream(stream: string): RealRepository {
  const repository = createRepository();
  repository.git(["fast-import", "--quiet"], stream);
  return repository;
}

/** Trees that `git ls-tree` is asked about, beside `git cat-file` that is asked about all. */
function expectSameListing(repository: RealRepository, oracle: GitOracle): void {
  const trees = [...oracle].filter(([, { type }]) => type === "tree");
  const widest = trees
    .sort(([, left], [, right]) => right.references.length - left.references.length)
    .slice(0, 5);
  for (const [oid, { references }] of widest) expect(listByGit(repository, oid)).toEqual(references);
}

async function compareInAllWays(repository: RealRepository, widest: number): Promise<void> {
  const oracle = askGit(repository);
  expectSameListing(repository, oracle);
  for (const [name, ways] of WAYS) {
    const seen = await compareHistory(repository, oracle, ways);
    console.log(name, seen);
    expect(seen.widest).toBeGreaterThanOrEqual(widest);
  }
}

describe("directories made up from a seed", () => {
  it.each([
    [1, 40, 300, 100],
    [2, 25, 1500, 1000],
    [3, 12, 5000, 1000],
  ])(
    "have right graphs: seed %i, %i commits, up to %i entries",
    { timeout: TIMEOUT_MS },
    async (seed, commits, entries, widest) => {
      for (let at = 0; at < SCALE; at++) {
        const stream = writeWideHistory({ seed: seed + 1000 * at, commits, entries });
        await compareInAllWays(importStream(stream), Math.min(widest, 100));
      }
    },
  );

  it("have right graphs where files of packages lie in them", { timeout: TIMEOUT_MS }, async () => {
    const modules = join(root, "node_modules");
    const wide = readdirSync(modules, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /^[\x21-\x7e]+$/.test(entry.name) && !/["\\]/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name).slice(modules.length + 1))
      .filter((path) => /^(drizzle-orm|zod|@types\/node|ethereum-cryptography|@noble)\//.test(path));
    const stream = writeWideHistory({ seed: 9, commits: 20 * SCALE, entries: 2000, paths: wide.sort() });
    await compareInAllWays(importStream(stream), 65);
  });
});

describe("this repository's own history", () => {
  const own = new RealRepository(root);
  const isThere =
    existsSync(join(root, ".git")) && own.text(["rev-parse", "--is-shallow-repository"]) === "false";

  // In a shallow clone, as CI may have one, or in an archive there is none to be compared.
  it.skipIf(!isThere)("has right graphs, pushed at once and in parts", { timeout: TIMEOUT_MS }, async () => {
    const copy = createRepository();
    copy.git(["fetch", "--quiet", root, "HEAD:refs/heads/main"]);
    const oracle = askGit(copy);
    for (const perPush of [Number.POSITIVE_INFINITY, 50]) {
      console.log("own history", await compareHistory(copy, oracle, { perPush, isThin: true }));
    }
  });
});

describe.skipIf(NPM_VERSIONS === 0)("published versions of packages", () => {
  it.each(NPM_PACKAGES)("have right graphs: %s", { timeout: 6 * TIMEOUT_MS }, async (name) => {
    const repository = commitVersions(name);
    const oracle = askGit(repository);
    expectSameListing(repository, oracle);
    for (const perPush of [Number.POSITIVE_INFINITY, 6]) {
      const seen = await compareHistory(repository, oracle, { perPush, isThin: true });
      console.log(name, seen);
      expect(seen.widest).toBeGreaterThan(64);
    }
  });
});

/** A repository with one commit for each of a package's last versions. */
function commitVersions(name: string): RealRepository {
  const work = createFolder();
  const repository = new RealRepository(work);
  repository.git(["init", "-q", "-b", "main"]);
  const run = (command: string, args: readonly string[], cwd = work) => {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd,
      encoding: "utf8",
      maxBuffer: 1024 ** 3,
    });
    if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${stderr}`);
    return stdout;
  };
  const versions: string[] = JSON.parse(run("npm", ["view", name, "versions", "--json"]));
  const released = versions.filter((version) => /^\d+\.\d+\.\d+$/.test(version)).slice(-NPM_VERSIONS);
  for (const version of released) {
    const place = createFolder();
    run("npm", ["pack", "--silent", `${name}@${version}`, "--pack-destination", place]);
    const [tarball] = readdirSync(place);
    rmSync(join(work, "package"), { recursive: true, force: true });
    mkdirSync(join(work, "package"));
    run("tar", ["-xzf", join(place, tarball!), "--strip-components=1", "-C", join(work, "package")]);
    repository.git(["add", "--all", "--force"]);
    repository.git(["commit", "-q", "--allow-empty", "-m", version]);
    rmSync(place, { recursive: true });
  }
  return repository;
}
