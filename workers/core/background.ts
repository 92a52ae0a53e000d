// The one way to go on working after the answer. Invariant: nothing that fails there fails in silence.
import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";
import { describeCause, type Log } from "./log.ts";

/**
 * Keeps the call alive until `work` is done, and logs `failure`, a sentence such as "the outbox was not sent", where it
 * isn't. `level`: `warn` for what a client that goes away causes too.
 */
export type RunInBackground = (
  failure: string,
  work: () => Promise<unknown>,
  level?: "error" | "warn",
) => void;

/** For a call of the runtime that isn't a request. */
export function makeBackground(context: Pick<ExecutionContext, "waitUntil">, log: Log): RunInBackground {
  return (failure, work, level = "error") => context.waitUntil(runLogged(log, failure, work, level));
}

/** For a request, with its log. */
export function runInBackground(context: Context<AppEnv>, ...work: Parameters<RunInBackground>): void {
  makeBackground(context.executionCtx, context.get("log"))(...work);
}

async function runLogged(
  log: Log,
  failure: string,
  work: () => Promise<unknown>,
  level: "error" | "warn",
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (level === "error") log.error(failure, error);
    else log.warn(failure, { cause: describeCause(error) });
  }
}
