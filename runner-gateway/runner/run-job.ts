// Executes a job: checkout, steps in order, and `done`. Everything it does is told to the event log, and nothing of
// it is thrown: a job that can't go on says why.
import type { Handover } from "../../schema/wire/handover.ts";
import type { StepPlan } from "../../schema/wire/plan.ts";
import { checkOut, type PreparedCheckout } from "./checkout.ts";
import { buildEnvironment, type CarriedEnvironment, describeRun } from "./environment.ts";
import { openEnvironmentFiles, takeEnvironmentFiles } from "./environment-files.ts";
import type { EventLog } from "./event-log.ts";
import type { GatewayClient } from "./gateway-client.ts";
import { type JobBounds, startJobBounds } from "./job-bounds.ts";
import { runStep, type StepResult } from "./run-step.ts";

interface JobPlace {
  /** The runner's own folder. */
  folder: string;
  /** The command by which what isn't the runner's own is started, as another user; empty where there is none. */
  stepPrefix: readonly string[];
  prepared: PreparedCheckout;
  client: GatewayClient;
  /** The forwarder's. */
  port: number;
  isAlone: boolean;
  /** Aborted when nothing of the attempt counts any more. */
  signal: AbortSignal;
}

interface Outcome {
  status: "succeeded" | "failed";
  reason: string | null;
}

/** Runs the job; the last event it appends is `done`. */
export async function runJob(handover: Handover, place: JobPlace, log: EventLog): Promise<void> {
  const outcome = await tryJob(handover, place, log);
  log.append({ type: "done", ...outcome });
}

async function tryJob(handover: Handover, place: JobPlace, log: EventLog): Promise<Outcome> {
  const bounds = startJobBounds(handover.plan.timeoutMs);
  const startedAtMs = performance.now();
  const say = (text: string) => log.append({ type: "log", position: null, stream: "system", text });
  const patience = {
    remainingMs: () => (place.signal.aborted ? 0 : bounds.remainingMs()),
    waiting: (problem: string) => say(`The commit can't be fetched yet (${problem}); trying again.\n`),
  };
  const fetched = await checkOut(place.client, place.prepared, place.port, handover, patience);
  if (!fetched.ok) {
    say(`${fetched.reason}\n`);
    skip(handover.plan.steps, log);
    return { status: "failed", reason: fetched.reason };
  }
  log.append({ type: "phase", name: "checkout", durationMs: performance.now() - startedAtMs });
  return runSteps(handover, place, log, bounds);
}

async function runSteps(
  handover: Handover,
  place: JobPlace,
  log: EventLog,
  bounds: JobBounds,
): Promise<Outcome> {
  const { steps, env } = handover.plan;
  const run = describeRun(handover, place.prepared.folder);
  const carried: CarriedEnvironment = { variables: {}, path: [] };
  for (const [index, step] of steps.entries()) {
    if (place.signal.aborted) return { status: "failed", reason: "was stopped" };
    log.append({ type: "step", position: step.position, status: "running", exitCode: null, reason: null });
    const files = openEnvironmentFiles(place.folder);
    const layers = { run: { ...run, ...files }, job: env, carried, step: step.env };
    const environment = buildEnvironment(layers, process.env);
    const result = await runStepSafely(step, place, environment, log, bounds);
    const problem = result.status === "succeeded" ? takeEnvironmentFiles(place.folder, carried) : null;
    const final: StepResult =
      problem === null ? result : { status: "failed", exitCode: result.exitCode, reason: problem };
    log.append({ type: "step", position: step.position, ...final });
    const isOutOfTime = bounds.remainingMs() === 0;
    if (final.status === "succeeded" && !isOutOfTime) continue;
    if (step.continueOnError && !isOutOfTime && bounds.remainingOutputBytes() > 0) continue;
    skip(steps.slice(index + 1), log);
    return { status: "failed", reason: isOutOfTime ? bounds.timeoutReason : describeFailure(step, final) };
  }
  return { status: "succeeded", reason: null };
}

async function runStepSafely(
  step: StepPlan,
  place: JobPlace,
  environment: Record<string, string>,
  log: EventLog,
  bounds: JobBounds,
): Promise<StepResult> {
  try {
    return await runStep(step, { ...place, checkout: place.prepared.folder, environment, log, bounds });
  } catch (error) {
    // Such as a full disk, or no process left to be had.
    return {
      status: "failed",
      exitCode: null,
      reason: `can't be run: ${error instanceof Error ? error.message : error}`,
    };
  }
}

function skip(steps: readonly StepPlan[], log: EventLog): void {
  for (const { position } of steps) {
    log.append({ type: "step", position, status: "skipped", exitCode: null, reason: null });
  }
}

function describeFailure(step: StepPlan, { exitCode, reason }: StepResult): string {
  return `${step.name}: ${reason ?? `exit code ${exitCode}`}`;
}
