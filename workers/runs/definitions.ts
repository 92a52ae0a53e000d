// The workflow files of a commit, read through the git engine and parsed. A file that doesn't parse says where
// and why; the others go on.

import { listTree } from "../content/list-tree.ts";
import type { ObjectSource } from "../content/object-source.ts";
import { DEFINITION_BYTES_MAX, DEFINITIONS_PER_COMMIT_MAX } from "../core/limits.ts";
import type { ParsedDefinition } from "../workflows/definition.ts";
import { parseWorkflow } from "../workflows/parse-workflow.ts";
import type { DefinitionFile } from "./change-store.ts";

const FOLDER = ".plue/workflows";
const FILE_SHAPE = /\.(ya?ml|py)$/;

/** Every definition at `commitOid`, by path; empty when the commit has none. */
export async function readDefinitions(objects: ObjectSource, commitOid: string): Promise<DefinitionFile[]> {
  const listing = await listTree(objects, commitOid, FOLDER);
  if (listing.kind !== "tree") return [];
  const files = listing.entries.filter((entry) => entry.type === "blob" && FILE_SHAPE.test(entry.name));
  const definitions: DefinitionFile[] = [];
  for (const [at, file] of files.entries()) {
    // A row holds text: bytes that aren't UTF-8 become U+FFFD.
    const path = `${FOLDER}/${file.name.toWellFormed()}`;
    const parsed =
      at < DEFINITIONS_PER_COMMIT_MAX
        ? await parseFile(objects, path, file.oid)
        : refuse(`a commit has at most ${DEFINITIONS_PER_COMMIT_MAX} definitions; this one is past them`);
    definitions.push(describeFile(path, file.oid, parsed));
  }
  return definitions;
}

function describeFile(path: string, blobOid: string, parsed: ParsedDefinition): DefinitionFile {
  const fallbackName = path.slice(FOLDER.length + 1);
  return { path, blobOid, parsed, name: parsed.parsed ? parsed.definition.name : fallbackName };
}

async function parseFile(objects: ObjectSource, path: string, blobOid: string): Promise<ParsedDefinition> {
  if (path.endsWith(".py")) return refuse("Python workflows aren't supported yet; write this one as YAML");
  const blob = await objects.readObject(blobOid);
  if (blob?.type !== "blob") return refuse("the file can't be read as a blob");
  if (blob.bytes.length > DEFINITION_BYTES_MAX) {
    return refuse(
      `a definition has at most ${DEFINITION_BYTES_MAX} bytes; this one has ${blob.bytes.length}`,
    );
  }
  const text = decodeText(blob.bytes);
  if (text === undefined) return refuse("the file isn't valid UTF-8");
  return parseWorkflow(text, path.slice(FOLDER.length + 1));
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

const refuse = (message: string): ParsedDefinition => ({
  parsed: false,
  problem: { message, line: 1, column: 1 },
});
