// One run: its jobs drawn, their steps, and what they print, as it is printed.
import type { Frame } from "../components/frame.ts";
import type { JobView, OutputEvent, RepositoryView, RunSummaryView } from "../components/views.ts";

export interface RunPageProps {
  frame: Frame;
  repository: RepositoryView;
  run: RunSummaryView & { id: number; failureReason: string | null; cancelRequestedAt: Date | null };
  /** Whether the viewer may cancel it now. */
  canCancel: boolean;
  /** By position, with their steps by position. */
  jobs: readonly JobView[];
  /**
   * Run, jobs, steps and output as they were after this event, read in one snapshot; the page's script goes on
   * from here. 0 when there is none.
   */
  seq: number;
  /** `log` and `error` events of each job's newest attempt up to `seq`, in order; of a long log its end only. */
  output: readonly OutputEvent[];
  /** The logs whose beginning isn't in `output`. */
  cutLogs: readonly { jobId: number; stepId: number | null }[];
}
