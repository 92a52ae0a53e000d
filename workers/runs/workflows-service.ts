// The workflows of a commit, as a page lists them.
import type { ObjectSource } from "../content/object-source.ts";
import type { DefinitionProblem, WorkflowDefinition } from "../workflows/definition.ts";
import { readDefinitions } from "./definitions.ts";

interface WorkflowSummary {
  path: string;
  name: string;
  error: DefinitionProblem | null;
  notices: DefinitionProblem[];
  events: string[];
  jobs: { key: string; name: string; needs: string[] }[];
}

/** Every definition at `commitOid`, by path, whether it parses or not. */
export async function readWorkflows(objects: ObjectSource, commitOid: string): Promise<WorkflowSummary[]> {
  const files = await readDefinitions(objects, commitOid);
  return files.map(({ path, name, parsed }) =>
    parsed.parsed
      ? { path, name, error: null, ...summarise(parsed.definition) }
      : { path, name, error: parsed.problem, notices: [], events: [], jobs: [] },
  );
}

function summarise(definition: WorkflowDefinition) {
  return {
    notices: definition.notices,
    events: definition.push === null ? [] : ["push"],
    jobs: definition.jobs.map(({ key, name, needs }) => ({ key, name, needs })),
  };
}
