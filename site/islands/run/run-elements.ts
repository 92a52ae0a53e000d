// Writes the state of a run, its jobs and steps into the page: each element that carries `data-…-of` with their name.
// Invariant: after `write` the page says what it would say had it been rendered now.
import { isEnded } from "../../../schema/run-states.ts";
import { formatExactTime, formatRelativeTime } from "../../components/format-time.ts";
import type { LiveJob, LiveRun } from "../../components/live-run.ts";
import {
  describeAttempt,
  describeDuration,
  describeLostAttempt,
  describeOutcome,
  describeTimings,
} from "../../components/run-text.ts";
import { describeStatus, type Status } from "../../components/status-text.ts";

type Field =
  | "started"
  | "ended"
  | "status"
  | "duration"
  | "attempt"
  | "timings"
  | "lost"
  | "reason"
  | "outcome";

export class RunElements {
  readonly #page: HTMLElement;
  readonly #found = new Map<string, Element[]>();

  constructor(page: HTMLElement) {
    this.#page = page;
  }

  writeRun(run: LiveRun, nowMs: number): void {
    this.#writeStatus("run", run.status);
    this.#writeText("duration", "run", describeDuration(run, nowMs));
    this.#writeText("reason", "run", run.reason ?? "");
    this.#writeMoment("ended", "run", run.finishedAt, nowMs);
    const errors = this.#page.querySelector("[data-errors]");
    for (const message of run.errors.slice(errors?.childElementCount)) {
      const item = document.createElement("li");
      item.className = "wrong";
      item.textContent = message;
      errors?.append(item);
    }
    if (!isEnded(run.status)) return;
    for (const element of this.#page.querySelectorAll("[data-until-end]")) element.remove();
  }

  writeJob(job: LiveJob, nowMs: number): void {
    const of = `job-${job.id}`;
    this.#writeStatus(of, job.status);
    this.#writeText("attempt", of, describeAttempt(job));
    this.#writeMoment("started", of, job.startedAt, nowMs);
    this.#writeText("timings", of, describeTimings(job.timings));
    this.#writeText("lost", of, describeLostAttempt(job.attempt));
    this.#writeText("reason", of, job.reason ?? "");
    for (const step of job.steps) {
      this.#writeStatus(`step-${step.id}`, step.status);
      this.#writeText("outcome", `step-${step.id}`, describeOutcome(step));
    }
    this.writeDurations(job, nowMs);
  }

  writeDurations(job: LiveJob, nowMs: number): void {
    this.#writeText("duration", `job-${job.id}`, describeDuration(job, nowMs));
    for (const step of job.steps) {
      this.#writeText("duration", `step-${step.id}`, describeDuration(step, nowMs));
    }
  }

  /** Says anew how long ago each moment of the page was. */
  writeAges(nowMs: number): void {
    for (const time of this.#page.querySelectorAll("time")) {
      if (time.dateTime !== "")
        time.textContent = formatRelativeTime(new Date(time.dateTime), new Date(nowMs));
    }
  }

  #writeMoment(field: Field, of: string, atMs: number | null, nowMs: number): void {
    for (const element of this.#find(field, of)) {
      if (element instanceof HTMLElement) element.hidden = atMs === null;
      const time = element.querySelector("time");
      if (time === null || atMs === null) continue;
      time.dateTime = new Date(atMs).toISOString();
      time.title = formatExactTime(new Date(atMs));
      time.textContent = formatRelativeTime(new Date(atMs), new Date(nowMs));
    }
  }

  #writeStatus(of: string, status: Status): void {
    const { mark, word } = describeStatus(status);
    for (const element of this.#find("status", of)) {
      if (element.getAttribute("data-status") === status) continue;
      element.setAttribute("data-status", status);
      for (const part of element.querySelectorAll("[data-mark]")) part.textContent = mark;
      for (const part of element.querySelectorAll("[data-word]")) part.textContent = word;
    }
  }

  /** Paragraphs without a text are hidden, as they are rendered. */
  #writeText(field: Field, of: string, text: string): void {
    for (const element of this.#find(field, of)) {
      if (element.textContent !== text) element.textContent = text;
      if (element instanceof HTMLParagraphElement) element.hidden = text === "";
    }
  }

  #find(field: Field, of: string): readonly Element[] {
    const selector = `[data-${field}-of="${of}"]`;
    const known = this.#found.get(selector);
    if (known !== undefined) return known;
    const elements = [...this.#page.querySelectorAll(selector)];
    this.#found.set(selector, elements);
    return elements;
  }
}
