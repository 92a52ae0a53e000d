// A step's environment: what the sandbox has, what describes the run (as scripts written for GitHub expect it),
// the job's, what earlier steps left in GITHUB_ENV and GITHUB_PATH, and the step's own, the later the stronger.
import type { Handover } from "../../schema/wire/handover.ts";

export type Environment = Record<string, string>;

/** What earlier steps have set for later ones. */
export interface CarriedEnvironment {
  variables: Environment;
  /** Newest first. */
  path: string[];
}

/** What of the runner's own environment steps get. */
const INHERITED = ["PATH", "HOME", "LANG"];

export function describeRun(handover: Handover, workspace: string): Environment {
  const { owner, name } = handover.repository;
  const refName = handover.ref.replace(/^refs\/(heads|tags)\//, "");
  const origin = new URL(handover.runUrl).origin;
  return {
    CI: "true",
    PLUE: "true",
    PLUE_RUN_URL: handover.runUrl,
    GITHUB_ACTIONS: "true",
    GITHUB_EVENT_NAME: handover.event,
    GITHUB_JOB: handover.plan.key,
    GITHUB_REF: handover.ref,
    GITHUB_REF_NAME: refName,
    GITHUB_REF_TYPE: handover.ref.startsWith("refs/tags/") ? "tag" : "branch",
    GITHUB_REPOSITORY: `${owner}/${name}`,
    GITHUB_REPOSITORY_OWNER: owner,
    GITHUB_RUN_ATTEMPT: String(handover.attempt),
    GITHUB_RUN_ID: String(handover.runId),
    GITHUB_RUN_NUMBER: String(handover.runNumber),
    GITHUB_SERVER_URL: origin,
    GITHUB_SHA: handover.sha,
    GITHUB_WORKFLOW_SHA: handover.sha,
    GITHUB_WORKSPACE: workspace,
  };
}

export function buildEnvironment(
  layers: { run: Environment; job: Environment; carried: CarriedEnvironment; step: Environment },
  inherited: NodeJS.ProcessEnv,
): Environment {
  const base: Environment = {};
  for (const name of INHERITED) if (inherited[name] !== undefined) base[name] = inherited[name];
  const merged = { ...base, ...layers.run, ...layers.job, ...layers.carried.variables, ...layers.step };
  const path = [...layers.carried.path, merged.PATH ?? ""].filter((entry) => entry !== "");
  return { ...merged, PATH: path.join(":") };
}
