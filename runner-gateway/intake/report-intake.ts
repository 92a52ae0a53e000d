// Takes in what one attempt's runner reports: checks it, bounds it, groups it into writes, and acknowledges what is
// stored. Invariant: acknowledged means stored; at most UNSTORED_BYTES_MAX and one chunk wait in memory.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Acknowledgement, RunnerEvent } from "../../schema/wire/runner-events.ts";
import {
  BYTES_PER_WRITE_MAX,
  EVENT_LINE_BYTES_MAX,
  EVENTS_PER_JOB_MAX,
  EVENTS_PER_WRITE_MAX,
  OUTPUT_MARGIN_BYTES,
  UNSTORED_BYTES_MAX,
} from "../limits.ts";
import { LineSplitter } from "../lines.ts";
import type { Log } from "../log.ts";
import { retryWrite } from "../retry-write.ts";
import { JOB_OUTPUT_BYTES_MAX, STEP_OUTPUT_BYTES_MAX } from "../runner/limits.ts";
import type { StoreOutcome } from "../runs/store-events.ts";
import { parseReportLine } from "./parse-report.ts";
import { createWritePace } from "./write-pace.ts";

/** Why nothing more is taken in. */
export type IntakeEnd =
  | { kind: "done" }
  | { kind: "stale" }
  | { kind: "violated"; reason: string }
  | { kind: "unwritable"; reason: string };

interface IntakeOptions {
  store(events: readonly RunnerEvent[]): Promise<StoreOutcome>;
  /** Called once. */
  ended(end: IntakeEnd): void;
  log: Log;
  /** Most events that are taken; EVENTS_PER_JOB_MAX unless given. */
  eventsMax?: number;
}

interface Waiting {
  event: RunnerEvent;
  bytes: number;
}

export class ReportIntake {
  readonly eventsMax: number;
  readonly #options: IntakeOptions;
  readonly #pace = createWritePace();
  readonly #outputBytes = new Map<number | null, number>();
  #jobOutputBytes = 0;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #received = 0;
  #stored = 0;
  #isClosed = false;
  #end: IntakeEnd | null = null;
  #writing: Promise<void> | null = null;
  #drained = Promise.withResolvers<void>();
  #connection: { response: ServerResponse; over: Promise<void>; cut: () => void } | null = null;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.eventsMax = options.eventsMax ?? EVENTS_PER_JOB_MAX;
  }

  /** The offset up to which everything is stored. */
  get acknowledged(): number {
    return this.#stored;
  }

  get isStale(): boolean {
    return this.#end !== null && this.#end.kind !== "done";
  }

  /** Takes a runner's report, and answers with what is stored of it as it is. A new connection ends the one before. */
  async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#connection?.cut();
    const over = Promise.withResolvers<void>();
    const connection = { response, over: over.promise, cut: () => void request.destroy() };
    this.#connection = connection;
    try {
      const refusal = await this.#readReport(request);
      if (refusal !== null) refuse(response, refusal.status, refusal.reason);
      else await this.#finishAnswer(response);
    } finally {
      over.resolve();
    }
  }

  /** Takes nothing more, after what a connection that is about to end still brings; resolves when all is stored. */
  async settle(connectionMs = 0): Promise<void> {
    if (connectionMs > 0 && this.#connection) {
      await Promise.race([
        this.#connection.over,
        new Promise((resolve) => setTimeout(resolve, connectionMs)),
      ]);
    }
    this.#isClosed = true;
    await this.#writing;
  }

  async #readReport(request: IncomingMessage): Promise<{ status: number; reason: string } | null> {
    const splitter = new LineSplitter(EVENT_LINE_BYTES_MAX);
    try {
      for await (const chunk of request) {
        const lines = splitter.push(chunk);
        if (lines === null) return this.#violate("a line is too long");
        for (const line of lines) {
          const refusal = this.#accept(line);
          if (refusal !== null) return refusal;
        }
        while (this.#waitingBytes > UNSTORED_BYTES_MAX && this.#end === null) await this.#drained.promise;
      }
    } catch (error) {
      // A connection that is cut says nothing of the report: the runner comes back for the rest, or its end is seen.
      this.#options.log.info("a runner's connection was cut", { error: String(error) });
    }
    return null;
  }

  /** @returns how the line is refused; null when it was taken. */
  #accept(line: Buffer): { status: number; reason: string } | null {
    if (this.#end !== null || this.#isClosed) return { status: 409, reason: "this attempt is over" };
    const parsed = parseReportLine(line);
    if (!parsed.ok) return this.#violate(parsed.problem);
    const { event } = parsed;
    if (event.offset <= this.#received) return null;
    if (event.offset !== this.#received + 1) {
      return { status: 400, reason: `event ${event.offset} came after event ${this.#received}` };
    }
    if (event.offset > this.eventsMax) return this.#violate("it has too many events");
    const excess = this.#measureOutput(event);
    if (excess !== null) return this.#violate(excess);
    this.#received = event.offset;
    this.#waiting.push({ event, bytes: line.length });
    this.#waitingBytes += line.length;
    this.#writing ??= this.#write();
    return null;
  }

  #measureOutput(event: RunnerEvent): string | null {
    if (event.type !== "log") return null;
    const ofStep = (this.#outputBytes.get(event.position) ?? 0) + event.text.length;
    this.#outputBytes.set(event.position, ofStep);
    this.#jobOutputBytes += event.text.length;
    if (ofStep > STEP_OUTPUT_BYTES_MAX + OUTPUT_MARGIN_BYTES) return "a step printed more than it may";
    if (this.#jobOutputBytes > JOB_OUTPUT_BYTES_MAX + OUTPUT_MARGIN_BYTES)
      return "it printed more than it may";
    return null;
  }

  #violate(problem: string): { status: number; reason: string } {
    this.#finish({ kind: "violated", reason: `its runner's report can't be read: ${problem}` });
    return { status: 400, reason: problem };
  }

  #finish(end: IntakeEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#drained.resolve();
    this.#options.ended(end);
  }

  /** Stores what waits, group by group, until nothing does. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0 && (this.#end === null || this.#end.kind === "violated")) {
      await this.#pace.take();
      const group = this.#takeGroup();
      try {
        const events = group.map(({ event }) => event);
        const store = () => this.#options.store(events);
        this.#apply(await retryWrite("storing a report", store, this.#options.log));
      } catch (error) {
        this.#options.log.error("a report can't be stored", error);
        this.#finish({ kind: "unwritable", reason: "what its runner reported could not be stored" });
      }
    }
    this.#writing = null;
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { bytes: next } of this.#waiting) {
      if (count === EVENTS_PER_WRITE_MAX || (count > 0 && bytes + next > BYTES_PER_WRITE_MAX)) break;
      bytes += next;
      count += 1;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  #apply(outcome: StoreOutcome): void {
    if (outcome.kind !== "stored") {
      this.#finish(outcome.kind === "stale" ? outcome : { kind: "violated", reason: outcome.reason });
      return;
    }
    this.#stored = outcome.offset;
    this.#acknowledge();
    if (outcome.isDone) this.#finish({ kind: "done" });
    this.#drained.resolve();
    this.#drained = Promise.withResolvers<void>();
  }

  #acknowledge(): void {
    const response = this.#connection?.response;
    if (!response || response.writableEnded || response.destroyed) return;
    if (!response.headersSent) response.writeHead(200, { "content-type": "application/x-ndjson" });
    const line: Acknowledgement = { acknowledged: this.#stored };
    response.write(`${JSON.stringify(line)}\n`);
  }

  /** The report is complete: the answer is, too, once all of it is stored. */
  async #finishAnswer(response: ServerResponse): Promise<void> {
    await this.#writing;
    if (this.#end !== null && this.#end.kind !== "done") {
      refuse(response, 409, "this attempt is over");
    } else if (!response.destroyed) {
      if (this.#connection?.response === response) this.#acknowledge();
      response.end();
    }
  }
}

/** A refusal after the answer has begun can only be a cut; the runner then asks, and is told. */
function refuse(response: ServerResponse, status: number, reason: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify({ message: reason }));
}
