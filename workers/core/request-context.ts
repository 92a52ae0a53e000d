// What every request gets before anything else: an id, a log that carries it, the environment, a database handle.
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env.ts";
import { createDatabase } from "./db.ts";
import { parseEnv } from "./env.ts";
import { createLog } from "./log.ts";

/** Also writes one line a request, when it has been answered. */
export const provideContext: MiddlewareHandler<AppEnv> = async (context, next) => {
  const startedAtMs = Date.now();
  const requestId = crypto.randomUUID();
  const log = createLog({ requestId });
  context.set("requestId", requestId);
  context.set("log", log);
  const env = parseEnv(context.env);
  context.set("env", env);
  context.set("database", createDatabase(env));
  await next();
  context.res.headers.set("x-request-id", requestId);
  log.info("request", {
    method: context.req.method,
    path: hideSecrets(context.req.path),
    status: context.res.status,
    durationMs: Date.now() - startedAtMs,
  });
};

/** A link that works once is a secret in a path, which no log may hold. */
export const hideSecrets = (path: string): string =>
  path.replace(/^(\/(login\/(once|email)|activate|reset|verify\/\w+)\/).+/, "$1…");
