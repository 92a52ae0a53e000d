// The logs of one job on the page, each in a `<details>` that opens with its first output and is then the reader's.
import type { LiveJob } from "../../components/live-run.ts";
import { isEmpty, type Log } from "../../components/log.ts";
import { attachLog, type LogElement } from "./log-element.ts";

interface ShownLog {
  details: HTMLDetailsElement;
  element: LogElement;
  /** Opened by the first output of this attempt. */
  wasOpened: boolean;
}

export class JobLogs {
  readonly #logs = new Map<string, ShownLog>();
  #attempt: number;

  constructor(page: HTMLElement, job: LiveJob) {
    this.#attempt = job.attempt;
    for (const [of, log] of logsOf(job)) {
      const section = page.querySelector(`[data-log-of="${of}"]`);
      const details = section?.closest("details");
      if (!(section instanceof HTMLElement) || !details) throw new Error(`the page has no log of ${of}`);
      const element = attachLog(section, log);
      const wasOpened = section.querySelector(".line") !== null;
      this.#logs.set(of, { details, element, wasOpened });
    }
    for (const step of job.steps) {
      if (step.status === "running") this.#logs.get(`step-${step.id}`)?.element.scrollToEnd();
    }
  }

  /** Brings the page up to the job's logs. */
  write(job: LiveJob): void {
    const isNewAttempt = job.attempt !== this.#attempt;
    this.#attempt = job.attempt;
    for (const [of, log] of logsOf(job)) {
      const shown = this.#logs.get(of);
      if (shown === undefined) continue;
      if (isNewAttempt) shown.wasOpened = false;
      const hasOutput = !isEmpty(log);
      if (hasOutput && !shown.wasOpened) {
        shown.details.open = true;
        shown.wasOpened = true;
      }
      if (of.startsWith("job-")) shown.details.hidden = !hasOutput;
      shown.element.show(log);
    }
  }
}

const logsOf = (job: LiveJob): [string, Log][] => [
  [`job-${job.id}`, job.log],
  ...job.steps.map((step): [string, Log] => [`step-${step.id}`, step.log]),
];
