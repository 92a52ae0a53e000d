// Claims jobs while it has room, gives each attempt a sandbox, and sees it to its end. Invariant: whatever ends an
// attempt, its end is written or left to its lease, its sandbox is gone, and then its place is free.
import { and, inArray, isNotNull } from "drizzle-orm";
import { workflowRuns } from "../../schema/tables/runs.ts";
import type { SandboxDriver, SandboxEvent } from "../drivers/driver.ts";
import {
  CONTENDED_RETRY_MS,
  EXIT_SETTLE_MS,
  JOB_TIMEOUT_GRACE_MS,
  POLL_INTERVAL_MS,
  RENEW_INTERVAL_MS,
} from "../limits.ts";
import type { Log } from "../log.ts";
import { type Repetition, startRepetition } from "../repeat.ts";
import { retryWrite } from "../retry-write.ts";
import { claimJobs, hasClaimable } from "../runs/claim-jobs.ts";
import { endCancelledRuns } from "../runs/end-cancelled.ts";
import { expireLeases, renewLeases } from "../runs/leases.ts";
import { noteMemoryKill } from "../runs/note-memory-kill.ts";
import type { RunLedger } from "../runs/run-ledger.ts";
import { Attempt, type AttemptEnd } from "./attempt.ts";
import { concludeAttempt } from "./conclude.ts";
import type { SandboxDoor } from "./sandbox-door.ts";

const NO_SANDBOX =
  "No sandbox works on this server, and nothing runs without one. Its administrators see why at /api/health.";
const EXIT_OUTPUT_LOGGED_MAX = 2_000;

/** The sandboxes there are, or why there are none: then every job fails with that reason. */
export type Sandboxes = { available: true; driver: SandboxDriver } | { available: false; reason: string };

interface DispatcherOptions {
  ledger: RunLedger;
  door: SandboxDoor;
  sandboxes: Sandboxes;
  gateway: string;
  concurrency: number;
  /** How far an attempt may pass its job's own time. */
  timeoutGraceMs?: number;
  log: Log;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #attempts = new Map<Attempt, Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #claiming: Repetition;
  readonly #watchingCancels: Repetition;
  readonly #others: Repetition[];
  readonly #unsubscribe: () => void;
  #contendedMs = CONTENDED_RETRY_MS;

  /** Begins at once. */
  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { ledger, log, sandboxes } = options;
    this.#claiming = startRepetition("claiming jobs", POLL_INTERVAL_MS, () => this.#claim(), log);
    this.#watchingCancels = startRepetition(
      "looking for cancellations",
      POLL_INTERVAL_MS,
      () => this.#endCancelled(),
      log,
    );
    this.#others = [
      startRepetition("renewing leases", RENEW_INTERVAL_MS, () => this.#renew(), log),
      startRepetition(
        "ending cancelled runs",
        POLL_INTERVAL_MS,
        async () => void (await endCancelledRuns(ledger)),
        log,
      ),
      startRepetition(
        "expiring leases",
        POLL_INTERVAL_MS,
        async () => void (await expireLeases(ledger)),
        log,
      ),
    ];
    this.#unsubscribe = sandboxes.available
      ? sandboxes.driver.subscribe((event) => this.#notice(event))
      : () => undefined;
    this.#claiming.kick();
  }

  get runningCount(): number {
    return this.#attempts.size;
  }

  /** Something may be claimable: looks now. */
  wake(): void {
    this.#claiming.kick();
  }

  /** A run may be to be cancelled: looks now. */
  lookAtCancels(): void {
    this.#watchingCancels.kick();
  }

  /** Claims no more, gives every job back and resolves when their sandboxes are gone. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#claiming.stop();
    for (const attempt of this.#attempts.keys()) attempt.end({ kind: "released" });
    await Promise.all(this.#attempts.values());
    await Promise.all([this.#watchingCancels, ...this.#others].map((repetition) => repetition.stop()));
    this.#unsubscribe();
  }

  async #claim(): Promise<void> {
    const { ledger, gateway, concurrency, sandboxes } = this.#options;
    const limit = concurrency - this.#attempts.size;
    if (limit <= 0) return;
    const sandbox = sandboxes.available ? sandboxes.driver.name : "none";
    const claims = await claimJobs(ledger, { gateway, sandbox, limit });
    for (const claim of claims) {
      const attempt = new Attempt(claim, ledger, this.#options.log);
      this.#attempts.set(attempt, this.#run(attempt));
    }
    // What could have been taken and wasn't is held by a transaction that is about to end.
    if (claims.length === limit || !(await hasClaimable(ledger.database))) {
      this.#contendedMs = CONTENDED_RETRY_MS;
      return;
    }
    this.#claiming.kickIn(this.#contendedMs);
    this.#contendedMs = Math.min(this.#contendedMs * 2, POLL_INTERVAL_MS);
  }

  /** One attempt from its claim until nothing of it is left. */
  async #run(attempt: Attempt): Promise<void> {
    const { jobId, runId } = attempt;
    const fields = { runId, jobId, attempt: attempt.attempt };
    this.#options.log.info("job claimed", { ...fields, ...attempt.claim.timings });
    const outerMs = attempt.claim.plan.timeoutMs + (this.#options.timeoutGraceMs ?? JOB_TIMEOUT_GRACE_MS);
    const overdue = setTimeout(() => attempt.end({ kind: "timed-out" }), outerMs);
    const starting = this.#start(attempt);
    const end = await attempt.ended;
    clearTimeout(overdue);
    const discarding = this.#discard(attempt, starting);
    await attempt.intake.settle(end.kind === "exited" ? EXIT_SETTLE_MS : 0);
    await this.#conclude(attempt, end);
    await discarding;
    this.#attempts.delete(attempt);
    // What the sandbox's own program printed names paths of this machine: for the log, not for the run's page.
    const output =
      end.kind === "exited" ? { output: end.exit.output.trim().slice(-EXIT_OUTPUT_LOGGED_MAX) } : {};
    this.#options.log.info("attempt ended", { ...fields, end: end.kind, ...output });
    this.#claiming.kick();
  }

  async #start(attempt: Attempt): Promise<void> {
    const { sandboxes, door } = this.#options;
    // Whoever reads the run is told no more of this machine than that: versions and paths are in the log and in what
    // admins are told of the gateway's health.
    if (!sandboxes.available) return attempt.end({ kind: "unavailable", reason: NO_SANDBOX });
    try {
      const claim = { jobId: String(attempt.jobId), attempt: attempt.attempt };
      const started = await sandboxes.driver.start(claim);
      if (!started.started) {
        this.#options.log.error("a sandbox could not be started", started.reason, { jobId: attempt.jobId });
        return attempt.end({ kind: "unstarted", reason: "its sandbox could not be started" });
      }
      door.bind(started.sandboxId, attempt);
    } catch (error) {
      this.#options.log.error("a sandbox could not be started", error, { jobId: attempt.jobId });
      attempt.end({ kind: "unstarted", reason: "its sandbox could not be started" });
    }
  }

  async #discard(attempt: Attempt, starting: Promise<void>): Promise<void> {
    const { sandboxes, door, log } = this.#options;
    await starting;
    const { sandboxId } = attempt;
    if (sandboxId === null || !sandboxes.available) return;
    try {
      await sandboxes.driver.kill(sandboxId);
    } catch (error) {
      log.error("a sandbox could not be killed", error, { sandboxId });
    }
    door.unbind(sandboxId);
  }

  async #conclude(attempt: Attempt, end: AttemptEnd): Promise<void> {
    const { ledger, log } = this.#options;
    try {
      const write = () => concludeAttempt(ledger, attempt, end);
      await retryWrite("writing an attempt's end", write, log, this.#stopping.signal);
    } catch (error) {
      log.error("an attempt's end could not be written; its lease runs out instead", error, {
        jobId: attempt.jobId,
      });
    }
  }

  async #endCancelled(): Promise<void> {
    const runIds = [...new Set([...this.#attempts.keys()].map((attempt) => attempt.runId))];
    if (runIds.length === 0) return;
    const cancelled = await this.#options.ledger.database
      .select({ id: workflowRuns.id })
      .from(workflowRuns)
      .where(and(inArray(workflowRuns.id, runIds), isNotNull(workflowRuns.cancelRequestedAt)));
    for (const { id } of cancelled) {
      for (const attempt of this.#attempts.keys()) {
        if (attempt.runId === id) attempt.end({ kind: "cancelled" });
      }
    }
  }

  async #renew(): Promise<void> {
    const { ledger, gateway } = this.#options;
    const live = [...this.#attempts.keys()].filter((attempt) => !attempt.isOver);
    for (const attempt of await renewLeases(ledger.database, gateway, live)) attempt.end({ kind: "stale" });
  }

  #notice(event: SandboxEvent): void {
    if (event.type === "standby" || event.claim === null) return;
    const { jobId, attempt: number } = event.claim;
    const attempt = [...this.#attempts.keys()].find(
      (one) => String(one.jobId) === jobId && one.attempt === number,
    );
    if (!attempt) return;
    if (event.type === "exited") {
      attempt.end({ kind: "exited", exit: event });
      return;
    }
    noteMemoryKill(this.#options.ledger, attempt, event.killedCount).catch((error: unknown) =>
      this.#options.log.error("a memory kill could not be noted", error, { jobId: attempt.jobId }),
    );
  }
}
