// A job on its run's page: how it stands, where it runs, and its steps with what they print. What the page's script
// keeps current carries `data-…-of` with the job's or step's name, such as `step-7`.
import type { PropsWithChildren } from "hono/jsx";
import type { LiveJob, LiveStep } from "./live-run.ts";
import { countEnded, isEmpty } from "./log.ts";
import { LogView } from "./log-view.tsx";
import { Happened } from "./moment.tsx";
import { jobLogPath } from "./paths.ts";
import {
  describeAttempt,
  describeDuration,
  describeLostAttempt,
  describeOutcome,
  describeTimings,
} from "./run-text.ts";
import { StatusBadge } from "./status-badge.tsx";
import type { JobView, RepositoryView } from "./views.ts";

/** A step that succeeded with more output than this begins closed. */
const OPEN_LINES_MAX = 200;

interface JobSectionProps {
  repository: RepositoryView;
  runNumber: number;
  job: LiveJob;
  view: JobView;
  cutLogs: readonly { jobId: number; stepId: number | null }[];
  now: Date;
}

export function JobSection({ repository, runNumber, job, view, cutLogs, now }: JobSectionProps) {
  const of = `job-${job.id}`;
  const fullLogHref = jobLogPath(repository, runNumber, job.id);
  const isCut = (stepId: number | null) =>
    cutLogs.some((cut) => cut.jobId === job.id && cut.stepId === stepId);
  return (
    <section class="job" id={of} aria-labelledby={`${of}-name`} tabindex={-1}>
      <div class="job-head">
        <div class="row">
          <h2 id={`${of}-name`}>{view.name}</h2>
          <StatusBadge status={job.status} of={of} />
          <span data-duration-of={of}>{describeDuration(job, now.getTime())}</span>
          <a href={fullLogHref} class="end">
            Full log
          </a>
        </div>
        <JobFacts job={job} view={view} now={now} />
      </div>
      <details class="step" data-details-of={of} open hidden={isEmpty(job.log)}>
        <summary class="step-head">Outside the steps</summary>
        <LogView
          of={of}
          label={`Output of ${view.name} outside its steps`}
          log={job.log}
          isCutUncounted={isCut(null)}
          fullLogHref={fullLogHref}
        />
      </details>
      <ol class="steps">
        {job.steps.map((step, index) => (
          <li>
            <StepDetails step={step} name={view.steps[index]?.name ?? ""} now={now}>
              <LogView
                of={`step-${step.id}`}
                label={`Output of ${view.steps[index]?.name ?? ""}`}
                log={step.log}
                isCutUncounted={isCut(step.id)}
                fullLogHref={fullLogHref}
              />
            </StepDetails>
          </li>
        ))}
      </ol>
    </section>
  );
}

function JobFacts({ job, view, now }: { job: LiveJob; view: JobView; now: Date }) {
  const of = `job-${job.id}`;
  const timings = describeTimings(job.timings);
  const lost = describeLostAttempt(job.attempt);
  return (
    <>
      <p class="row facts">
        <span data-attempt-of={of}>{describeAttempt(job)}</span>
        {view.needs.length === 0 ? null : <span>needs {view.needs.join(", ")}</span>}
        <Happened what="started" of={of} atMs={job.startedAt} now={now} />
      </p>
      <p class="facts" data-timings-of={of} hidden={timings === ""}>
        {timings}
      </p>
      <p class="notice" data-lost-of={of} hidden={lost === ""}>
        {lost}
      </p>
      <p class="wrong" data-reason-of={of} hidden={job.reason === null}>
        {job.reason}
      </p>
    </>
  );
}

function StepDetails({
  step,
  name,
  now,
  children,
}: PropsWithChildren<{ step: LiveStep; name: string; now: Date }>) {
  const of = `step-${step.id}`;
  const lines = countEnded(step.log);
  const isQuiet = step.status === "succeeded" && lines > OPEN_LINES_MAX;
  return (
    <details class="step" id={of} data-details-of={of} open={!isEmpty(step.log) && !isQuiet}>
      <summary class="step-head">
        <StatusBadge status={step.status} of={of} /> <bdi class="name">{name}</bdi>{" "}
        <span class="outcome" data-outcome-of={of}>
          {describeOutcome(step)}
        </span>{" "}
        <span class="end" data-duration-of={of}>
          {describeDuration(step, now.getTime())}
        </span>
      </summary>
      {children}
    </details>
  );
}
