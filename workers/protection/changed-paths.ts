// Which paths differ between two commits and match a glob. Only trees that differ are read.
import { parseCommit } from "../git/object/parse-commit.ts";
import { parseTree, type TreeEntry, treeEntryKind } from "../git/object/parse-tree.ts";
import type { ObjectReader } from "../git/store/object-reader.ts";
import { compileGlob, countGlobSteps, type Glob, matchCompiled } from "./match-glob.ts";

type Found =
  | { readonly kind: "paths"; readonly paths: readonly string[] }
  | { readonly kind: "too-many" }
  | { readonly kind: "too-costly" };

interface Search {
  readonly objects: Pick<ObjectReader, "readObject">;
  readonly globs: readonly Glob[];
  readonly found: string[];
  treesLeft: number;
  stepsLeft: number;
}

/** Enough to say what is wrong. */
const PATHS_TOLD = 3;

/**
 * The first few paths of files, links and submodules that `before` and `after`, both commits, don't have alike and that
 * one of the globs matches. `too-many` when more than `treesMax` trees would have to be read,
 * `too-costly` when matching would take more than `stepsMax` steps.
 */
export async function findChangedPaths(
  objects: Pick<ObjectReader, "readObject">,
  before: string,
  after: string,
  globs: readonly string[],
  treesMax: number,
  stepsMax: number,
): Promise<Found> {
  const search: Search = {
    objects,
    globs: globs.map(compileGlob),
    found: [],
    treesLeft: treesMax,
    stepsLeft: stepsMax,
  };
  const trees = [await readTreeOf(objects, before), await readTreeOf(objects, after)] as const;
  await compareTrees(search, "", trees[0], trees[1]);
  if (search.found.length > 0) return { kind: "paths", paths: search.found };
  if (search.stepsLeft < 0) return { kind: "too-costly" };
  return search.treesLeft < 0 ? { kind: "too-many" } : { kind: "paths", paths: [] };
}

async function readTreeOf(objects: Pick<ObjectReader, "readObject">, commit: string): Promise<string> {
  const object = await objects.readObject(commit);
  if (object?.type !== "commit") throw new Error(`${commit} is no commit that is stored`);
  return parseCommit(object.bytes).tree;
}

async function compareTrees(
  search: Search,
  prefix: string,
  before: string | null,
  after: string | null,
): Promise<void> {
  if (before === after || search.found.length >= PATHS_TOLD) return;
  const olds = await readEntries(search, before);
  const news = await readEntries(search, after);
  for (const name of new Set([...olds.keys(), ...news.keys()])) {
    if (search.found.length >= PATHS_TOLD || isSpent(search)) return;
    const [from, to] = [olds.get(name), news.get(name)];
    if (from?.oid === to?.oid && from?.mode === to?.mode) continue;
    const path = prefix + name;
    if ((isFile(from) || isFile(to)) && matchesOne(search, path)) {
      search.found.push(path);
    }
    await compareTrees(search, `${path}/`, folderOf(from), folderOf(to));
  }
}

async function readEntries(search: Search, oid: string | null): Promise<ReadonlyMap<string, TreeEntry>> {
  if (oid === null) return new Map();
  if (search.treesLeft-- <= 0) return new Map();
  const tree = await search.objects.readObject(oid);
  if (tree?.type !== "tree") throw new Error(`${oid} is no tree that is stored`);
  return new Map(parseTree(tree.bytes).map((entry) => [decoder.decode(entry.name), entry]));
}

const isSpent = ({ treesLeft, stepsLeft }: Search): boolean => treesLeft < 0 || stepsLeft < 0;

// Past the limit nothing matches, and the search has failed.
function matchesOne(search: Search, path: string): boolean {
  return search.globs.some((glob) => {
    search.stepsLeft -= countGlobSteps(glob, path);
    return search.stepsLeft >= 0 && matchCompiled(glob, path);
  });
}

const decoder = new TextDecoder();

const isFile = (entry: TreeEntry | undefined): boolean =>
  entry !== undefined && treeEntryKind(entry.mode) !== "tree";

const folderOf = (entry: TreeEntry | undefined): string | null =>
  entry !== undefined && treeEntryKind(entry.mode) === "tree" ? entry.oid : null;
