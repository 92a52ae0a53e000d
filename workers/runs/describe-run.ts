// Runs as the API answers them: the schemas of the OpenAPI document, and the rows in their shape.
import { z } from "@hono/zod-openapi";
import type { JobRow, RunDetails, RunRow, StepRow } from "./service.ts";

const moment = z.string().nullable();

export const runSchema = z
  .object({
    id: z.number().int(),
    number: z.number().int(),
    name: z.string(),
    path: z.string().nullable(),
    status: z.enum(["pending", "running", "succeeded", "failed", "cancelled", "needs_approval"]),
    failure_reason: z.string().nullable(),
    event: z.string(),
    ref: z.string(),
    head_sha: z.string(),
    title: z.string(),
    actor: z.string().nullable(),
    last_event_seq: z.number().int(),
    cancel_requested_at: moment,
    created_at: z.string(),
    started_at: moment,
    finished_at: moment,
    html_url: z.string(),
    url: z.string(),
  })
  .openapi("Run");

const stepSchema = z
  .object({
    id: z.number().int(),
    position: z.number().int(),
    name: z.string(),
    status: z.enum(["pending", "running", "succeeded", "failed", "cancelled", "skipped"]),
    exit_code: z.number().int().nullable(),
    failure_reason: z.string().nullable(),
    started_at: moment,
    finished_at: moment,
  })
  .openapi("Step");

const jobSchema = z
  .object({
    id: z.number().int(),
    key: z.string(),
    name: z.string(),
    needs: z.array(z.string()),
    status: z.enum(["pending", "waiting", "running", "succeeded", "failed", "cancelled", "skipped"]),
    failure_reason: z.string().nullable(),
    attempt: z.number().int(),
    sandbox: z.string().nullable(),
    timings: z.record(z.string(), z.number()),
    started_at: moment,
    finished_at: moment,
    steps: z.array(stepSchema),
  })
  .openapi("Job");

export const runDetailsSchema = runSchema.extend({ jobs: z.array(jobSchema) }).openapi("RunDetails");

export function describeRun(
  run: RunRow,
  repository: { owner: string; name: string },
  publicUrl: string,
): z.infer<typeof runSchema> {
  return {
    id: run.id,
    number: run.number,
    name: run.name,
    path: run.path,
    status: run.status,
    failure_reason: run.failureReason,
    event: run.event,
    ref: run.ref,
    head_sha: run.headSha,
    title: run.title,
    actor: run.actor,
    last_event_seq: run.lastEventSeq,
    cancel_requested_at: formatMoment(run.cancelRequestedAt),
    created_at: run.createdAt.toISOString(),
    started_at: formatMoment(run.startedAt),
    finished_at: formatMoment(run.finishedAt),
    html_url: `${publicUrl}/${repository.owner}/${repository.name}/runs/${run.number}`,
    url: `${publicUrl}/api/runs/${run.id}`,
  };
}

export function describeRunDetails(details: RunDetails, publicUrl: string): z.infer<typeof runDetailsSchema> {
  return {
    ...describeRun(details.run, details.repository, publicUrl),
    jobs: details.jobs.map((job) => ({
      ...describeJob(job),
      steps: details.steps.filter((step) => step.jobId === job.id).map(describeStep),
    })),
  };
}

function describeJob(job: JobRow): Omit<z.infer<typeof jobSchema>, "steps"> {
  return {
    id: job.id,
    key: job.key,
    name: job.name,
    needs: job.needs,
    status: job.status,
    failure_reason: job.failureReason,
    attempt: job.attempt,
    sandbox: job.sandbox,
    timings: job.timings,
    started_at: formatMoment(job.startedAt),
    finished_at: formatMoment(job.finishedAt),
  };
}

function describeStep(step: StepRow): z.infer<typeof stepSchema> {
  return {
    id: step.id,
    position: step.position,
    name: step.name,
    status: step.status,
    exit_code: step.exitCode,
    failure_reason: step.failureReason,
    started_at: formatMoment(step.startedAt),
    finished_at: formatMoment(step.finishedAt),
  };
}

const formatMoment = (moment: Date | null): string | null => moment?.toISOString() ?? null;
