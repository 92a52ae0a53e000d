// What the services of signing in and of one's own account work with, from the request.
import type { Context } from "hono";
import { readKnownSessions } from "../workers/auth/known-browser.ts";
import type { AppEnv } from "../workers/core/app-env.ts";
import { readOrigin } from "../workers/core/origin.ts";

export function makeServices(context: Context<AppEnv>) {
  return {
    env: context.get("env"),
    database: context.get("database"),
    actor: context.get("actor"),
    origin: readOrigin(context),
    knownSessions: readKnownSessions(context),
  };
}

/** `in 40 seconds`, `in 3 minutes`. */
export function describeWait(waitMs: number): string {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const [count, unit] = seconds < 90 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  return `in ${count} ${unit}${count === 1 ? "" : "s"}`;
}
