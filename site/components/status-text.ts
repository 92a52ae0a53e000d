// How each status is written: a mark and a word, so that it reads without colour. The browser writes the same.
import type { JobStatus, RunStatus, StepStatus } from "../../schema/run-states.ts";

export type Status = RunStatus | JobStatus | StepStatus;

const TEXTS: Record<Status, { mark: string; word: string }> = {
  pending: { mark: "○", word: "pending" },
  waiting: { mark: "○", word: "waiting" },
  needs_approval: { mark: "?", word: "needs approval" },
  running: { mark: "▶", word: "running" },
  succeeded: { mark: "✓", word: "succeeded" },
  failed: { mark: "✗", word: "failed" },
  cancelled: { mark: "■", word: "cancelled" },
  skipped: { mark: "–", word: "skipped" },
};

/** `mark` is drawn, `word` is read; a status of a newer Plue is shown by its own name. */
export function describeStatus(status: Status): { mark: string; word: string } {
  return TEXTS[status] ?? { mark: "?", word: status };
}
