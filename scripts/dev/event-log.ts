// What the Worker and the gateway say: every line whole in $PLUE_DATA/logs, and one short line of it on the screen.
import { appendFileSync, existsSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { showLine, showLines } from "../../schema/terminal-text.ts";

/** A log file larger than this is put aside at the next start; one older file is kept. */
const maxLogBytes = 64 * 1024 * 1024;

/** Fields that the screen does without. */
const quietFields = ["at", "level", "message", "cause", "requestId", "userAgent"];

type EventLog = {
  /** Takes a program's outputs, line by line, until they end. */
  follow(...outputs: (Readable | null)[]): void;
};

/** Opens `<logsFolder>/<source>.ndjson`; `print` gets the short lines. */
export function openEventLog(logsFolder: string, source: string, print: (line: string) => void): EventLog {
  const file = join(logsFolder, `${source}.ndjson`);
  if (existsSync(file) && statSync(file).size > maxLogBytes) renameSync(file, `${file}.old`);
  return {
    follow: (...outputs) => {
      for (const input of outputs.filter((output) => output !== null)) {
        createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }).on("line", (line) => {
          if (line === "") return;
          const event = parseEvent(line);
          appendFileSync(file, `${showLine(JSON.stringify(event))}\n`, { mode: 0o600 });
          print(formatEvent(source, event));
        });
      }
    },
  };
}

type LoggedEvent = Record<string, unknown>;

// A line that isn't JSON (a crash's last words) is an event too.
function parseEvent(line: string): LoggedEvent {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // Not JSON: wrapped below.
  }
  return { at: new Date().toISOString(), level: "error", message: line };
}

/** One line of what matters; an error's cause follows on lines of its own. */
function formatEvent(source: string, event: LoggedEvent): string {
  const time = String(event.at ?? new Date().toISOString()).slice(11, 19);
  const level = event.level === "info" || event.level === undefined ? "" : `${event.level}: `;
  const fields = Object.entries(event)
    .filter(([name, value]) => !quietFields.includes(name) && value !== null && value !== "")
    .map(([name, value]) => `${name}=${formatValue(value)}`);
  const cause =
    typeof event.cause === "string" ? [`\n${showLines(event.cause).replaceAll(/^/gm, "    ")}`] : [];
  const line = [`${time} ${source}`, `${level}${event.message ?? ""}`, ...fields].join(" ");
  return showLine(line) + cause.join("");
}

function formatValue(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /[\s"]/.test(text) ? JSON.stringify(text) : text;
}
