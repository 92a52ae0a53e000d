// One attempt of a job while this gateway has it: what was claimed, what its runner reports, and the first thing
// that ends it. Invariant: an attempt ends once, for one reason.
import { randomBytes } from "node:crypto";
import type { RunnerEvent } from "../../schema/wire/runner-events.ts";
import type { SandboxEvent } from "../drivers/driver.ts";
import { type IntakeEnd, ReportIntake } from "../intake/report-intake.ts";
import type { Log } from "../log.ts";
import type { ClaimedJob } from "../runs/claim-jobs.ts";
import type { AttemptKey } from "../runs/leases.ts";
import type { RunLedger } from "../runs/run-ledger.ts";
import { storeEvents } from "../runs/store-events.ts";

type SandboxExit = Extract<SandboxEvent, { type: "exited" }>;

export type AttemptEnd =
  | IntakeEnd
  | { kind: "exited"; exit: SandboxExit }
  /** No sandbox can be had here at all, or none could be made this time. */
  | { kind: "unavailable"; reason: string }
  | { kind: "unstarted"; reason: string }
  | { kind: "timed-out" }
  | { kind: "cancelled" }
  | { kind: "released" };

export class Attempt implements AttemptKey {
  readonly claim: ClaimedJob;
  readonly intake: ReportIntake;
  readonly ended: Promise<AttemptEnd>;
  /** What its runner may do here, and what that may pass on for steps. They live as long as this object. */
  readonly tokens = { report: createSandboxToken(), git: createSandboxToken() };
  sandboxId: string | null = null;
  readonly #ending = Promise.withResolvers<AttemptEnd>();
  readonly #ledger: RunLedger;
  #isHandedOver = false;
  #handedOverAtMs: number | null = null;
  #end: AttemptEnd | null = null;

  constructor(claim: ClaimedJob, ledger: RunLedger, log: Log) {
    this.claim = claim;
    this.ended = this.#ending.promise;
    this.#ledger = ledger;
    this.intake = new ReportIntake({
      log,
      store: (events) => this.#store(events),
      ended: (end) => this.end(end),
    });
  }

  get runId(): number {
    return this.claim.runId;
  }

  get jobId(): number {
    return this.claim.jobId;
  }

  get attempt(): number {
    return this.claim.attempt;
  }

  get isOver(): boolean {
    return this.#end !== null;
  }

  /** Ends it for this reason, unless it has ended already. */
  end(end: AttemptEnd): void {
    this.#end ??= end;
    this.#ending.resolve(this.#end);
  }

  /** True once: whoever asks later isn't the runner that got the plan and the tokens. */
  takeHandover(): boolean {
    const isFirst = !this.#isHandedOver;
    this.#isHandedOver = true;
    return isFirst;
  }

  /** The runner has shown that it has the plan; the first time counts. */
  noteHandover(): void {
    this.#handedOverAtMs ??= Date.now();
  }

  #store(events: readonly RunnerEvent[]) {
    const { claim } = this;
    return storeEvents(
      this.#ledger,
      {
        ...{ runId: claim.runId, jobId: claim.jobId, attempt: claim.attempt },
        runCreatedAtMs: claim.run.createdAt.getTime(),
        claimedAtMs: claim.claimedAtMs,
        handedOverAtMs: this.#handedOverAtMs ?? claim.claimedAtMs,
        timings: claim.timings,
      },
      events,
    );
  }
}

const TOKEN_BYTES = 32;

const createSandboxToken = (): string => randomBytes(TOKEN_BYTES).toString("base64url");
