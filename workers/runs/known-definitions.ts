// What was parsed before, whoever pushed it: a blob's content never changes, so it is parsed once.
import type { Database } from "../core/db.ts";
import { workflowDefinitionSchema } from "../workflows/definition.ts";
import { PARSER_VERSION } from "../workflows/parse-workflow.ts";
import { type DefinitionFile, keyOf } from "./change-store.ts";
import { listDefinitions } from "./definition-store.ts";

/** Those of `files` that this version of the parser has read in the repository, by `keyOf`. */
export async function readKnownDefinitions(
  { query }: Pick<Database, "query">,
  repositoryId: number,
  files: readonly { path: string; blobOid: string }[],
): Promise<ReadonlyMap<string, DefinitionFile>> {
  const known = new Map<string, DefinitionFile>();
  for (const row of await listDefinitions(query, repositoryId, files, PARSER_VERSION)) {
    const { id, path, blobOid, name, error } = row;
    const file = { id, path, blobOid, name, parserVersion: PARSER_VERSION };
    const definition = workflowDefinitionSchema.safeParse(row.definition);
    if (definition.success)
      known.set(keyOf(row), { ...file, parsed: { parsed: true, definition: definition.data } });
    else if (error !== null) known.set(keyOf(row), { ...file, parsed: { parsed: false, problem: error } });
  }
  return known;
}
