// A run's page come alive: events change the run at once, and the page follows once a frame at most, so that a
// flood of output leaves the browser time for its reader.
import { isEnded } from "../../../schema/run-states.ts";
import type { LiveEvent, LiveJob, LiveRun } from "../../components/live-run.ts";
import type { LogLimits } from "../../components/log.ts";
import { readRunSnapshot } from "../../components/run-snapshot.ts";
import { describeStatus } from "../../components/status-text.ts";
import { type Connection, followRun } from "./follow-run.ts";
import { JobLogs } from "./job-logs.ts";
import { RunElements } from "./run-elements.ts";

/** What the page keeps of each log. */
const LOG_LIMITS: LogLimits = { linesMax: 5000, charsMax: 1_000_000 };
/** Writing the page takes at most one part in this many of the time. */
const IDLE_PARTS = 4;
const TICK_MS = 1000;
/** Ages are read in minutes; durations are watched. */
const TICKS_PER_AGE = 15;

const CONNECTION_TEXTS: Record<Connection, string> = {
  connecting: "connecting…",
  live: "live",
  reconnecting: "connection lost, reconnecting…",
  stale: "some of this run's events are missing: load the page again",
  ended: "",
};

/** @param page the element that carries the stream's address, the server's time and the run's snapshot */
export function startRunPage(page: HTMLElement): void {
  const { stream = "", snapshot = "", now = "" } = page.dataset;
  const run = readRunSnapshot(snapshot, LOG_LIMITS);
  const clockAheadMs = Number(now) - Date.now();
  const serverNow = (): number => Date.now() + clockAheadMs;
  const elements = new RunElements(page);
  const logs = new Map(run.jobs.map((job) => [job.id, new JobLogs(page, job)]));
  const changes = new Changes(run);
  const write = (): void => {
    const isAtEnd = isPageAtEnd();
    elements.writeRun(run, serverNow());
    for (const job of changes.takeJobs()) {
      elements.writeJob(job, serverNow());
      logs.get(job.id)?.write(job);
    }
    const announcement = changes.takeAnnouncement();
    if (announcement !== "") writeText("[data-announcement]", announcement);
    if (isAtEnd) scrollTo(0, document.documentElement.scrollHeight);
  };
  const schedule = makeScheduler(write);
  const writeText = (selector: string, text: string): void => {
    const element = page.querySelector(selector);
    if (element !== null) element.textContent = text;
  };
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
    if (ticks % TICKS_PER_AGE === 0) elements.writeAges(serverNow());
    elements.writeRun(run, serverNow());
    for (const job of run.jobs) if (job.status === "running") elements.writeDurations(job, serverNow());
  }, TICK_MS);
  followRun({
    run,
    url: stream,
    openSource: (url) => new EventSource(url),
    setTimer: (work, delayMs) => setTimeout(work, delayMs),
    onEvent(event) {
      changes.add(event);
      schedule();
    },
    onConnection(connection) {
      writeText("[data-connection]", CONNECTION_TEXTS[connection]);
      if (connection === "ended") clearInterval(timer);
    },
  });
}

/** What the page doesn't show yet. */
class Changes {
  readonly #run: LiveRun;
  readonly #jobIds = new Set<number>();
  readonly #said: Map<string, string>;

  constructor(run: LiveRun) {
    this.#run = run;
    this.#said = new Map(describeAll(run));
  }

  add(event: LiveEvent): void {
    if ("jobId" in event.data && event.data.jobId !== null) this.#jobIds.add(event.data.jobId);
  }

  takeJobs(): LiveJob[] {
    const jobs = this.#run.jobs.filter((job) => this.#jobIds.has(job.id));
    this.#jobIds.clear();
    return jobs;
  }

  /** What a listener should hear: jobs and the run as they start and end, each once. */
  takeAnnouncement(): string {
    const news: string[] = [];
    for (const [of, text] of describeAll(this.#run)) {
      if (this.#said.get(of) !== text) news.push(text);
      this.#said.set(of, text);
    }
    return news.join(". ");
  }
}

function describeAll(run: LiveRun): [string, string][] {
  const describe = (
    name: string,
    { status, reason }: Pick<LiveJob, "status" | "reason"> | LiveRun,
  ): string =>
    status === "running" || isEnded(status)
      ? `${name} ${describeStatus(status).word}${reason === null ? "" : `: ${reason}`}`
      : "";
  const all: [string, string][] = run.jobs.map((job) => [`job-${job.id}`, describe(`job ${job.key}`, job)]);
  return [...all, ["run", describe("run", run)]];
}

/** Calls `write` in the next frame, and after a long write later, by its length. */
function makeScheduler(write: () => void): () => void {
  let isScheduled = false;
  let earliestMs = 0;
  const perform = (): void => {
    const startMs = performance.now();
    if (startMs < earliestMs) {
      setTimeout(() => requestAnimationFrame(perform), earliestMs - startMs);
      return;
    }
    isScheduled = false;
    write();
    const endMs = performance.now();
    earliestMs = endMs + (endMs - startMs) * IDLE_PARTS;
  };
  return () => {
    if (isScheduled) return;
    isScheduled = true;
    requestAnimationFrame(perform);
  };
}

/** A page that fits its window, or hasn't been scrolled, isn't being followed. */
function isPageAtEnd(): boolean {
  const { scrollHeight } = document.documentElement;
  return scrollY > 0 && innerHeight + scrollY >= scrollHeight - 8;
}
