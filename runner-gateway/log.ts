// One JSON object a line on stdout. Invariant: no token and no secret is logged; callers pass single fields.
import { showLine } from "../schema/terminal-text.ts";

type LogFields = Record<string, string | number | boolean | null | undefined>;

export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** `cause` is written with its stack and the chain of its causes. */
  error(message: string, cause: unknown, fields?: LogFields): void;
}

/** A log whose every line carries `context`. */
export function createLog(context: LogFields, writeLine: (line: string) => void = printLine): Log {
  const write = (level: string, message: string, fields: LogFields = {}) =>
    writeLine(
      showLine(JSON.stringify({ at: new Date().toISOString(), level, message, ...context, ...fields })),
    );
  return {
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, cause, fields) => write("error", message, { ...fields, cause: describeCause(cause) }),
  };
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

function describeCause(cause: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = cause, depth = 0; at !== undefined && depth < 8; depth++) {
    if (!(at instanceof Error)) {
      parts.push(String(at));
      break;
    }
    parts.push(at.stack ?? `${at.name}: ${at.message}`);
    at = at.cause;
  }
  return parts.join("\ncaused by ");
}
