// One line of a runner's report, made safe to store: the sandbox it comes from is not trusted.
import { type RunnerEvent, runnerEventSchema } from "../../schema/wire/runner-events.ts";
import { REASON_CHARACTERS_MAX } from "../limits.ts";

type ParsedReport = { ok: true; event: RunnerEvent } | { ok: false; problem: string };

/** Reads one line. Text keeps its length but not what Postgres can't hold: NUL and unpaired surrogates. */
export function parseReportLine(line: Buffer): ParsedReport {
  let value: unknown;
  try {
    value = JSON.parse(line.toString("utf8"));
  } catch {
    return { ok: false, problem: "a line isn't JSON" };
  }
  const result = runnerEventSchema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    return {
      ok: false,
      problem: `a line's ${issue?.path.join(".") || "event"}: ${issue?.message}`.slice(0, 200),
    };
  }
  return { ok: true, event: cleanEvent(result.data) };
}

function cleanEvent(event: RunnerEvent): RunnerEvent {
  if (event.type === "log") return { ...event, text: cleanText(event.text) };
  if (event.type === "phase") return event;
  const reason = event.reason === null ? null : cleanText(event.reason.slice(0, REASON_CHARACTERS_MAX));
  return { ...event, reason };
}

function cleanText(text: string): string {
  return text.replaceAll("\0", "\ufffd").toWellFormed();
}
