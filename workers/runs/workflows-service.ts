// The workflows of a commit, as a page lists them: what pushes have had parsed. Invariant: nothing is parsed here.
import { z } from "zod";
import type { ObjectSource } from "../content/object-source.ts";
import type { Database } from "../core/db.ts";
import { definitionProblemSchema } from "../workflows/definition.ts";
import { keyOf } from "./change-store.ts";
import { listSummaries } from "./definition-store.ts";
import { findDefinitions, nameOf, refuse } from "./definitions.ts";

const summarySchema = z.object({
  notices: z.array(definitionProblemSchema),
  isPush: z.boolean(),
  jobs: z.array(z.object({ key: z.string(), name: z.string(), needs: z.array(z.string()) })),
});

const NOTHING = { notices: [], events: [], jobs: [] };
const UNREAD = "this file hasn't been read yet; it is read when a push brings it to a branch or tag";

/** Every definition at `commitOid`, by path, whether it parses or not. */
export async function readWorkflows(
  database: Pick<Database, "query">,
  repositoryId: number,
  objects: ObjectSource,
  commitOid: string,
) {
  const files = (await findDefinitions(objects, commitOid))?.files ?? [];
  const readable = files.filter(({ problem }) => problem === undefined);
  const rows = await listSummaries(database.query, repositoryId, readable);
  const known = new Map(rows.map((row) => [keyOf(row), row]));
  return files.map((file) => {
    const { path, problem } = file;
    const row = problem === undefined ? known.get(keyOf(file)) : undefined;
    const summary = summarySchema.safeParse(row?.summary);
    if (row === undefined || !summary.success) {
      const error = row?.error ?? refuse(problem ?? UNREAD).problem;
      return { path, name: nameOf(path), error, ...NOTHING };
    }
    const { notices, isPush, jobs } = summary.data;
    return { path, name: row.name, error: null, notices, events: isPush ? ["push"] : [], jobs };
  });
}
