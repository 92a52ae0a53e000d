// For a page whose address is a secret: no cache keeps it. To other sites no page of ours is named anyway.
import type { Context } from "hono";
import type { AppEnv } from "../workers/core/app-env.ts";

export function hideLink(context: Context<AppEnv>): void {
  context.header("Cache-Control", "no-store");
}
