// What a run says of its commit, as a commit status: its context is `plue/` and the workflow's name.
import type { RunStatus } from "./run-states.ts";

interface RunCommitStatus {
  context: string;
  state: "error" | "failure" | "pending" | "success";
  description: string;
}

const SAID: Record<RunStatus, Omit<RunCommitStatus, "context">> = {
  pending: { state: "pending", description: "The run has been queued" },
  running: { state: "pending", description: "The run has begun" },
  needs_approval: { state: "pending", description: "The run waits for approval" },
  succeeded: { state: "success", description: "The run succeeded" },
  failed: { state: "failure", description: "The run failed" },
  cancelled: { state: "error", description: "The run was cancelled" },
};

const CONTEXT_PREFIX = "plue/";
export const STATUS_CONTEXT_CHARACTERS_MAX = 255;

/** The status of a run of the workflow called `name`. */
export function statusOfRun(name: string, status: RunStatus): RunCommitStatus {
  return { context: `${CONTEXT_PREFIX}${name}`.slice(0, STATUS_CONTEXT_CHARACTERS_MAX), ...SAID[status] };
}
