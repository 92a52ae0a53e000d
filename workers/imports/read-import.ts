// What an uploaded file wants: its refs, what must be there already, and where its pack begins.
import type { ImportRef } from "../../schema/tables/imports.ts";
import { BUNDLE_HEADER_LIMIT_BYTES } from "../git/limits.ts";
import { GitError } from "../git/object/git-error.ts";
import type { Oid } from "../git/object/oid.ts";
import type { RangeSource } from "../git/pack/range-source.ts";
import { parseBundleHeader } from "../git/wire/bundle-header.ts";
import type { Import } from "./store.ts";

interface ImportPlan {
  readonly refs: readonly ImportRef[];
  readonly prerequisites: readonly Oid[];
  readonly packOffset: number;
}

const FIRST_READ_BYTES = 64 * 1024;

/** Reads as much of the file as its head takes. Throws GitError for a head that isn't understood. */
export async function readImport(
  row: Pick<Import, "format" | "refs">,
  file: RangeSource,
): Promise<ImportPlan> {
  if (row.format === "pack") return { refs: row.refs, prerequisites: [], packOffset: 0 };
  for (let size = FIRST_READ_BYTES; ; size *= 4) {
    const bytes = await file.read(0, Math.min(size, file.sizeBytes, BUNDLE_HEADER_LIMIT_BYTES));
    const header = parseBundleHeader(bytes);
    if (header !== null) return header;
    if (bytes.length === file.sizeBytes) {
      throw new GitError("truncated_pack", "the bundle ends within its head");
    }
  }
}
