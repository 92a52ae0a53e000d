// Object filters of partial clones (git-rev-list, "--filter=<filter-spec>"): what may be left out of a pack.
import { COMBINED_FILTER_LIMIT, FILTER_NESTING_LIMIT } from "../limits.ts";
import { GitError } from "../object/git-error.ts";

/** Null in a field means: no such limit. */
export interface ObjectFilter {
  /** Blobs of this size or more are left out; 0 leaves out all. */
  readonly blobLimitBytes: number | null;
  /** Trees and blobs this deep below a commit's root tree or deeper are left out; the root tree has depth 0. */
  readonly treeDepth: number | null;
}

/** Reads a filter. Throws GitError `bad_protocol` for one that is malformed or not supported, or `limit_exceeded`. */
export function parseFilterSpec(spec: string): ObjectFilter {
  return listFilters(spec, FILTER_NESTING_LIMIT)
    .map(parseSingle)
    .reduce((left, right) => ({
      blobLimitBytes: lower(left.blobLimitBytes, right.blobLimitBytes),
      treeDepth: lower(left.treeDepth, right.treeDepth),
    }));
}

/** The filters that one is made of, which may themselves be made of others: what is sent must pass each of them. */
function listFilters(spec: string, nestingLeft: number): string[] {
  if (!spec.startsWith(COMBINE)) return [spec];
  if (nestingLeft === 0) {
    throw new GitError("limit_exceeded", `filters are nested more than ${FILTER_NESTING_LIMIT} deep`);
  }
  const parts = spec.slice(COMBINE.length).split("+", COMBINED_FILTER_LIMIT + 1);
  const filters = parts.flatMap((part) => listFilters(decodePart(part), nestingLeft - 1));
  if (filters.length > COMBINED_FILTER_LIMIT) {
    throw new GitError("limit_exceeded", `more than ${COMBINED_FILTER_LIMIT} filters are combined`);
  }
  return filters;
}

const COMBINE = "combine:";

function parseSingle(spec: string): ObjectFilter {
  if (spec === "blob:none") return { blobLimitBytes: 0, treeDepth: null };
  const limit = /^blob:limit=(\d{1,15})([kmg]?)$/i.exec(spec);
  if (limit) return { blobLimitBytes: Number(limit[1]) * scaleOf(limit[2] ?? ""), treeDepth: null };
  const depth = /^tree:(\d{1,9})$/.exec(spec);
  if (depth) return { blobLimitBytes: null, treeDepth: Number(depth[1]) };
  throw new GitError(
    "bad_protocol",
    `filter '${spec.slice(0, 200)}' not supported; blob:none, blob:limit=<size>, tree:<depth> and combine: are`,
  );
}

function scaleOf(suffix: string): number {
  return 1024 ** ["", "k", "m", "g"].indexOf(suffix.toLowerCase());
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new GitError("bad_protocol", "malformed escape in a combined filter", { cause });
  }
}

function lower(left: number | null, right: number | null): number | null {
  if (left === null) return right;
  return right === null ? left : Math.min(left, right);
}
