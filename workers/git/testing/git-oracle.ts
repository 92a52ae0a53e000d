// What real git says of every object of a repository, and where a graph says otherwise. Shares nothing with our readers.
import type { PackGraph } from "../pack/pack-graph.ts";
import type { PackIndex } from "../pack/pack-index.ts";
import type { RealRepository } from "./real-git.ts";

interface KnownObject {
  readonly type: string;
  readonly sizeBytes: number;
  /** In the order of PackGraph.forEachReference. */
  readonly references: readonly string[];
}

export type GitOracle = ReadonlyMap<string, KnownObject>;

/** Asks git for all objects: their types and sizes, and what trees, commits and tags name. */
export function askGit(repository: RealRepository): GitOracle {
  const known = new Map<string, KnownObject>();
  const objects = repository.listObjects();
  const named = [...objects].filter(([, { type }]) => type !== "blob");
  const all = repository.git(["cat-file", "--batch"], named.map(([oid]) => `${oid}\n`).join(""));
  const contents = new Map<string, Buffer>();
  let at = 0;
  for (const [oid, { sizeBytes }] of named) {
    at = all.indexOf(0x0a, at) + 1;
    contents.set(oid, all.subarray(at, at + sizeBytes));
    at += sizeBytes + 1;
  }
  for (const [oid, { type, sizeBytes }] of objects) {
    const content = contents.get(oid);
    known.set(oid, { type, sizeBytes, references: content === undefined ? [] : listNamed(type, content) });
  }
  return known;
}

function listNamed(type: string, content: Buffer): string[] {
  if (type === "tree") return parseTree(content).flatMap(({ mode, oid }) => (mode === "160000" ? [] : [oid]));
  const [head = ""] = content.toString("latin1").split("\n\n", 1);
  const word = type === "commit" ? /^(?:tree|parent) ([0-9a-f]{40})$/gm : /^object ([0-9a-f]{40})$/gm;
  return [...head.matchAll(word)].map(([, oid = ""]) => oid);
}

function parseTree(content: Buffer): { mode: string; oid: string }[] {
  const entries: { mode: string; oid: string }[] = [];
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const zero = content.indexOf(0, space);
    entries.push({
      mode: content.toString("latin1", at, space),
      oid: content.toString("hex", zero + 1, zero + 21),
    });
    at = zero + 21;
  }
  return entries;
}

/** The objects that `git ls-tree` lists of a tree, for a sample: it takes a process each. */
export function listByGit(repository: RealRepository, tree: string): string[] {
  const lines = repository.text(["ls-tree", "-z", tree]).split("\0").filter(Boolean);
  return lines.flatMap((line) => /^\d+ (?:blob|tree) ([0-9a-f]{40})\t/.exec(line)?.[1] ?? []);
}

/** The objects of a pack that its graph is wrong about, by id. */
export function findWrong(index: PackIndex, graph: PackGraph, oracle: GitOracle): string[] {
  const wrong: string[] = [];
  for (let position = 0; position < index.count; position++) {
    const oid = index.oidAt(position);
    const said: string[] = [];
    graph.forEachReference(position, (reference) => {
      said.push(
        reference < graph.count ? index.oidAt(reference) : graph.externalOid(reference - graph.count),
      );
    });
    const known = oracle.get(oid);
    const isRight =
      known !== undefined &&
      known.type === graph.typeAt(position) &&
      known.sizeBytes === graph.sizeAt(position) &&
      known.references.join(" ") === said.join(" ");
    if (!isRight) wrong.push(oid);
  }
  return wrong;
}
