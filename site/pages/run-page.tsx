// One run: its jobs drawn, their steps, and what they print, as it is printed. All of it is in the page as served;
// the script only goes on from there.
import { isEnded } from "../../schema/run-states.ts";
import { CsrfField } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { JobGraph } from "../components/job-graph.tsx";
import { JobSection } from "../components/job-section.tsx";
import { Layout } from "../components/layout.tsx";
import type { LiveRun } from "../components/live-run.ts";
import { Happened, Moment } from "../components/moment.tsx";
import { openRun } from "../components/open-run.ts";
import { cancelRunPath, runStreamPath } from "../components/paths.ts";
import { RefLink } from "../components/ref-link.tsx";
import { RepositoryHeader } from "../components/repository-header.tsx";
import { writeRunSnapshot } from "../components/run-snapshot.ts";
import { describeDuration } from "../components/run-text.ts";
import { StatusBadge } from "../components/status-badge.tsx";
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

export function RunPage(props: RunPageProps) {
  const { frame, repository, run, jobs } = props;
  const live = openRun(props);
  const isLive = !isEnded(run.status);
  const hasFailed = jobs.some(({ steps }) => steps.some(({ status }) => status === "failed"));
  return (
    <Layout
      frame={frame}
      title={`#${run.number} ${run.name} · ${repository.owner}/${repository.name}`}
      {...(isLive || hasFailed ? { script: frame.assets.runScript } : {})}
    >
      <RepositoryHeader repository={repository} tab="runs" />
      <div
        id="run"
        class="spread"
        data-stream={isLive ? runStreamPath(run.id) : undefined}
        data-now={isLive ? frame.now.getTime() : undefined}
        data-snapshot={isLive ? writeRunSnapshot(live) : undefined}
      >
        <RunHeader {...props} live={live} />
        <JobGraph jobs={jobs} />
        {live.jobs.map((job, index) => {
          const view = jobs[index];
          return view === undefined ? null : (
            <JobSection
              repository={repository}
              runNumber={run.number}
              job={job}
              view={view}
              cutLogs={props.cutLogs}
              now={frame.now}
            />
          );
        })}
      </div>
    </Layout>
  );
}

function RunHeader(props: RunPageProps & { live: LiveRun }) {
  const { frame, repository, run, live } = props;
  return (
    <div class="tight">
      <h1>
        #{run.number} {run.name} <bdi class="title">{run.title}</bdi>
      </h1>
      <div class="row">
        <StatusBadge status={live.status} of="run" />
        <span data-duration-of="run">{describeDuration(live, frame.now.getTime())}</span>
        <CancelForm {...props} />
        <Connection {...props} />
      </div>
      <p class="row facts">
        <span>
          {run.event}
          {run.actor === null ? "" : ` by ${run.actor}`}
        </span>
        <RefLink repository={repository} refName={run.ref} sha={run.headSha} />
        <Moment at={run.createdAt} now={frame.now} />
        <Happened what="ended" of="run" atMs={live.finishedAt} now={frame.now} />
      </p>
      <p class="wrong" data-reason-of="run" hidden={live.reason === null}>
        {live.reason}
      </p>
      <ul class="errors" data-errors="">
        {live.errors.map((message) => (
          <li class="wrong">{message}</li>
        ))}
      </ul>
    </div>
  );
}

function CancelForm({ frame, repository, run, canCancel }: RunPageProps) {
  if (isEnded(run.status)) return null;
  if (run.cancelRequestedAt !== null) {
    return (
      <span data-until-end="">
        cancelling, asked <Moment at={run.cancelRequestedAt} now={frame.now} />
      </span>
    );
  }
  if (!canCancel) return null;
  return (
    <form method="post" action={cancelRunPath(repository, run.number)} data-until-end="">
      <CsrfField viewer={frame.viewer} />
      <button type="submit">Cancel the run</button>
    </form>
  );
}

/** What the script says of itself, and what is said where no script runs. */
function Connection({ frame, run }: RunPageProps) {
  if (isEnded(run.status)) return null;
  return (
    <>
      <span role="status" data-connection="" />
      <span role="status" class="unseen" data-announcement="" />
      <noscript>
        <span>
          as of <Moment at={frame.now} now={frame.now} />; load again to see more
        </span>
      </noscript>
    </>
  );
}
