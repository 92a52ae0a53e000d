// A definition to the plans that runners execute. Pure.
import type { JobPlan } from "../../schema/wire/plan.ts";
import type { WorkflowDefinition } from "./definition.ts";

const MINUTE_MS = 60_000;

/** One plan a job, in the file's order. The workflow's environment is under the job's, that under the step's. */
export function planJobs(definition: WorkflowDefinition): JobPlan[] {
  return definition.jobs.map((job) => ({
    key: job.key,
    name: job.name,
    needs: job.needs,
    env: { ...definition.env, ...job.env },
    timeoutMs: Math.ceil(job.timeoutMinutes * MINUTE_MS),
    continueOnError: job.continueOnError,
    steps: job.steps.map((step, position) => ({
      position,
      name: step.name,
      run: step.run,
      shell: step.shell,
      env: step.env,
      workingDirectory: step.workingDirectory,
      timeoutMs: Math.ceil((step.timeoutMinutes ?? job.timeoutMinutes) * MINUTE_MS),
      continueOnError: step.continueOnError,
    })),
  }));
}
