// The definitions that pushes have had parsed, by repository, path and blob.
import { and, eq, inArray, sql } from "drizzle-orm";
import { workflowDefinitions } from "../../schema/tables/runs.ts";
import type { Executor } from "../core/db.ts";

interface FileKey {
  path: string;
  blobOid: string;
}

const { id, repositoryId, path, blobOid, name, definition, error, parserVersion } = workflowDefinitions;

const isOneOf = (repository: number, files: readonly FileKey[]) =>
  and(
    eq(repositoryId, repository),
    inArray(
      blobOid,
      files.map((file) => file.blobOid),
    ),
  );

/** What a parser of this version made of files; those that it never read are left out. */
export async function listDefinitions(
  query: Executor,
  repository: number,
  files: readonly FileKey[],
  version: number,
) {
  if (files.length === 0) return [];
  return query
    .select({ id, path, blobOid, name, definition, error })
    .from(workflowDefinitions)
    .where(and(isOneOf(repository, files), eq(parserVersion, version)));
}

/** The little of each that a page shows. Of a definition's jobs no more leaves the database than that. */
export async function listSummaries(query: Executor, repository: number, files: readonly FileKey[]) {
  if (files.length === 0) return [];
  const jobs = sql`(SELECT jsonb_agg(jsonb_build_object('key', job->'key', 'name', job->'name', 'needs', job->'needs')
    ORDER BY at) FROM jsonb_array_elements(${definition}->'jobs') WITH ORDINALITY AS jobs (job, at))`;
  return query
    .select({
      ...{ path, blobOid, name, error },
      summary: sql<unknown>`CASE WHEN ${definition} IS NOT NULL THEN jsonb_build_object(
        'notices', ${definition}->'notices', 'jobs', ${jobs}, 'isPush', ${definition}->'push' <> 'null'::jsonb) END`,
    })
    .from(workflowDefinitions)
    .where(isOneOf(repository, files));
}
