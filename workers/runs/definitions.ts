// The workflow files of a commit: found through the git engine, and parsed once a blob. Invariant: only a push has a file
// parsed, within its budget; what it parsed is kept by the blob's id, and everybody else reads that.
import { findCommit } from "../content/find-commit.ts";
import { findFolder } from "../content/list-tree.ts";
import type { ObjectSource } from "../content/object-source.ts";
import {
  DEFINITION_BYTES_MAX,
  DEFINITION_BYTES_PER_COMMIT_MAX,
  DEFINITIONS_PER_COMMIT_MAX,
  PARSED_BYTES_PER_PUSH_MAX,
  PARSING_PER_PUSH_MS,
} from "../core/limits.ts";
import { decodeEntryName } from "../git/object/entry-name.ts";
import { SYMLINK_MODE, TREE_MODE, treeEntryKind } from "../git/object/parse-tree.ts";
import type { ParsedDefinition } from "../workflows/definition.ts";
import { PARSER_VERSION, parseWorkflow } from "../workflows/parse-workflow.ts";
import type { DefinitionFile } from "./change-store.ts";

const FOLDER = ".plue/workflows";
const FILE_SHAPE = /\.(ya?ml|py)$/;
/** A file of the folder, or what stands in its place. */
export interface FoundFile {
  path: string;
  /** Of the blob, or of what there is instead of one. */
  blobOid: string;
  /** Why it isn't read, whatever it says; undefined for a file that is. */
  problem: string | undefined;
}

/** The workflow files at a tree, in the order of their names; `oid` of what they were found in. */
export interface FoundFolder {
  oid: string;
  files: FoundFile[];
}

/** What there is at `commitOid` where workflows are looked for; null when there is nothing, or no such commit. */
export async function findDefinitions(objects: ObjectSource, commitOid: string): Promise<FoundFolder | null> {
  const commit = await findCommit(objects, commitOid);
  const found = commit && (await findFolder(objects, commit.tree, FOLDER));
  if (!found) return null;
  const { oid } = found;
  if (found.kind === "other") {
    const { path, mode } = found;
    const problem = describeMode(mode) ?? "is a file; workflows are files in `.plue/workflows/`";
    return { oid, files: [{ path, blobOid: oid, problem: `${path} ${problem}` }] };
  }
  // A row holds text: bytes that aren't UTF-8 become U+FFFD.
  const named = found.entries
    .map((entry) => ({ ...entry, name: decodeEntryName(entry.name).toWellFormed() }))
    .filter(({ name, mode }) => FILE_SHAPE.test(name) && mode !== TREE_MODE);
  const files: FoundFile[] = [];
  let bytesLeft = DEFINITION_BYTES_PER_COMMIT_MAX;
  for (const { name, mode, oid: blobOid } of named.slice(0, DEFINITIONS_PER_COMMIT_MAX)) {
    const header = await objects.readHeader(blobOid);
    const problem = describeUnread(name, mode) ?? describeSize(header?.sizeBytes ?? 0, bytesLeft);
    if (problem === undefined) bytesLeft -= header?.sizeBytes ?? 0;
    files.push({ path: `${FOLDER}/${name}`, blobOid, problem });
  }
  const past = named[DEFINITIONS_PER_COMMIT_MAX];
  if (past !== undefined) {
    const problem = describePast(named.length - DEFINITIONS_PER_COMMIT_MAX);
    files.push({ path: `${FOLDER}/${past.name}`, blobOid: past.oid, problem });
  }
  return { oid, files };
}

function describePast(count: number): string {
  const these = count === 1 ? "this one is" : `this one and ${count - 1} more are`;
  return `a commit has at most ${DEFINITIONS_PER_COMMIT_MAX} definitions; ${these} past them`;
}

function describeMode(mode: number): string | undefined {
  if (mode === SYMLINK_MODE) return "is a symbolic link, which isn't followed; put the file itself there";
  if (treeEntryKind(mode) === "gitlink") return "is a submodule, which isn't read; put the file itself there";
  return undefined;
}

function describeUnread(name: string, mode: number): string | undefined {
  const problem = describeMode(mode);
  if (problem !== undefined) return `the file ${problem}`;
  return name.endsWith(".py") ? "Python workflows aren't supported yet; write this one as YAML" : undefined;
}

function describeSize(sizeBytes: number, bytesLeft: number): string | undefined {
  if (sizeBytes > DEFINITION_BYTES_MAX) {
    return `a definition has at most ${DEFINITION_BYTES_MAX} bytes; this one has ${sizeBytes}`;
  }
  if (sizeBytes <= bytesLeft) return undefined;
  return `the definitions of a commit have at most ${DEFINITION_BYTES_PER_COMMIT_MAX} bytes together; this one is past them`;
}

/** The name that a file goes by until it says another. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** What one push may have parsed. */
export class ParsingBudget {
  #bytes = PARSED_BYTES_PER_PUSH_MAX;
  readonly #endsAtMs: number;
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#endsAtMs = now() + PARSING_PER_PUSH_MS;
  }

  /** Takes what a file costs; false when that is more than is left. */
  take(bytes: number): boolean {
    if (bytes > this.#bytes || this.#now() >= this.#endsAtMs) return false;
    this.#bytes -= bytes;
    return true;
  }
}

/**
 * Reads and parses one file that nobody has parsed. What isn't, for want of budget, is of parser 0, so that the next push
 * reads it.
 */
export async function parseFile(
  objects: ObjectSource,
  { path, blobOid }: Pick<FoundFile, "path" | "blobOid">,
  budget: ParsingBudget,
): Promise<DefinitionFile> {
  const blob = await objects.readObject(blobOid);
  const isRead = blob === null || budget.take(blob.bytes.length);
  const parsed = isRead ? parseBlob(blob, nameOf(path)) : refuse(POSTPONED);
  const name = parsed.parsed ? parsed.definition.name : nameOf(path);
  return { id: null, path, blobOid, name, parsed, parserVersion: isRead ? PARSER_VERSION : 0 };
}

const POSTPONED = "this push has too much to read; this file is read with the next push";

function parseBlob(blob: Awaited<ReturnType<ObjectSource["readObject"]>>, name: string): ParsedDefinition {
  if (blob?.type !== "blob") return refuse("the file can't be read as a blob");
  const text = decodeText(blob.bytes);
  return text === undefined ? refuse("the file isn't valid UTF-8") : parseWorkflow(text, name);
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** A problem with a whole file. */
export const refuse = (message: string): Extract<ParsedDefinition, { parsed: false }> => ({
  parsed: false,
  problem: { message, line: 1, column: 1 },
});
