// A run to render in tests: two jobs, the second needing the first, and what happens to them as events.
import { applyRunEvent, type LiveEvent, type LiveRun } from "../components/live-run.ts";
import { openRun } from "../components/open-run.ts";
import type { JobView, OutputEvent } from "../components/views.ts";
import type { RunPageProps } from "../pages/run-page.tsx";

/** When the sample's events happened: long enough ago that their age reads the same during a test. */
const BEGAN_MS = Date.now() - 2.5 * 60 * 60 * 1000;

const BUILD_ID = 1;
const BUILD_STEP_IDS = [11, 12] as const;

type Content = { [Type in LiveEvent["type"]]: Pick<Extract<LiveEvent, { type: Type }>, "type" | "data"> };
export type EventContent = Content[LiveEvent["type"]];

/** Gives contents their numbers and times, `first` being the first's number. */
export const numberEvents = (contents: readonly EventContent[], first = 1): LiveEvent[] =>
  contents.map((content, i) => ({ ...content, seq: first + i, at: BEGAN_MS + 100 * (first + i) }));

export const logOf = (
  text: string,
  options: { stepId?: number | null; attempt?: number } = {},
): EventContent => ({
  type: "log",
  data: { jobId: BUILD_ID, attempt: 1, stepId: BUILD_STEP_IDS[0], stream: "stdout", ...options, text },
});

export const stepIs = (
  status: "running" | "succeeded" | "failed",
  index: 0 | 1 = 0,
  attempt = 1,
): EventContent => ({
  type: "step",
  data: {
    jobId: BUILD_ID,
    attempt,
    stepId: BUILD_STEP_IDS[index],
    position: index,
    status,
    exitCode: status === "failed" ? 3 : null,
    reason: null,
  },
});

export const jobIs = (
  status: "waiting" | "running" | "succeeded" | "failed",
  attempt = 1,
): Content["job"] => ({
  type: "job",
  data: {
    jobId: BUILD_ID,
    key: "build",
    attempt,
    status,
    reason: status === "failed" ? "step 1 failed" : null,
    sandbox: "bubblewrap 0.8.0",
    timings: { queue: 3, claim: 5 },
  },
});

export const runIs = (
  status: "running" | "succeeded" | "failed",
  reason: string | null = null,
): EventContent => ({
  type: "run",
  data: { status, reason },
});

export const doneIs = (status: "succeeded" | "failed", reason: string | null = null): EventContent => ({
  type: "done",
  data: { status, reason },
});

const untouched = { startedAt: null, finishedAt: null, failureReason: null };

function jobView(id: number, key: string, needs: string[], stepIds: readonly number[]): JobView {
  return {
    id,
    key,
    name: key,
    needs,
    status: needs.length === 0 ? "waiting" : "pending",
    attempt: 0,
    sandbox: null,
    timings: {},
    ...untouched,
    steps: stepIds.map((stepId, position) => ({
      id: stepId,
      position,
      name: `Step ${position + 1}`,
      status: "pending",
      exitCode: null,
      ...untouched,
    })),
  };
}

const dateOf = (atMs: number | null): Date | null => (atMs === null ? null : new Date(atMs));

/** What the database would hold after these events, as the page is given it. */
export function renderableAfter(events: readonly LiveEvent[]): Omit<RunPageProps, "frame"> {
  const jobs = [jobView(BUILD_ID, "build", [], BUILD_STEP_IDS), jobView(2, "test", ["build"], [21])];
  const begin = { status: "pending" as const, failureReason: null, startedAt: null, finishedAt: null };
  const live = openRun({ run: begin, jobs, seq: 0, output: [] });
  for (const event of events) applyRunEvent(live, event);
  return {
    repository: {
      owner: "admin",
      name: "demo",
      description: "",
      isPrivate: false,
      pushedAt: new Date(BEGAN_MS),
    },
    run: {
      ...{
        id: 5,
        number: 1,
        name: "ci",
        title: "Say hello",
        event: "push",
        ref: "refs/heads/main",
        actor: "admin",
      },
      headSha: "0123456789abcdef0123456789abcdef01234567",
      status: live.status,
      failureReason: live.reason,
      cancelRequestedAt: null,
      createdAt: new Date(BEGAN_MS),
      startedAt: dateOf(live.startedAt),
      finishedAt: dateOf(live.finishedAt),
    },
    canCancel: true,
    jobs: jobs.map((job, index) => rowOf(job, live.jobs[index])),
    seq: live.seq,
    output: events.flatMap(outputOf),
    cutLogs: [],
  };
}

function rowOf(job: JobView, live: LiveRun["jobs"][number] | undefined): JobView {
  if (live === undefined) return job;
  const { status, reason, attempt, sandbox, timings } = live;
  return {
    ...job,
    ...{ status, failureReason: reason, attempt, sandbox, timings },
    startedAt: dateOf(live.startedAt),
    finishedAt: dateOf(live.finishedAt),
    steps: job.steps.map((step, index) => {
      const now = live.steps[index];
      if (now === undefined) return step;
      return {
        ...step,
        ...{ status: now.status, exitCode: now.exitCode, failureReason: now.reason },
        startedAt: dateOf(now.startedAt),
        finishedAt: dateOf(now.finishedAt),
      };
    }),
  };
}

function outputOf(event: LiveEvent): OutputEvent[] {
  return event.type === "log" || event.type === "error" ? [{ ...event, runId: 5 }] : [];
}
