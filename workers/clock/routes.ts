// The clock by hand: what cron does each minute, done at once for whoever holds the installation's secret.
import { Hono } from "hono";
import type { AppEnv } from "../core/app-env.ts";
import { requireSignature } from "../core/internal-routes.ts";
import { strikeClock } from "./service.ts";

/** Mounted at /internal/clock. Without a good signature nothing is here. 500 with the names of the parts that failed. */
export const clockRoutes = new Hono<AppEnv>().post("/", requireSignature, async (context) => {
  const failed = await strikeClock({
    env: context.get("env"),
    database: context.get("database"),
    log: context.get("log"),
  });
  return failed.length === 0 ? context.body(null, 204) : context.json({ failed }, 500);
});
