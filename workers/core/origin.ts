// Where a request came from, for sessions, the audit log and rate limits.
import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";

export interface Origin {
  /** The client's address as Cloudflare saw it; empty when nothing said one. */
  address: string;
  userAgent: string;
  requestId: string;
}

const USER_AGENT_CHARACTERS_MAX = 400;

export function readOrigin(context: Context<AppEnv>): Origin {
  return {
    address: context.req.header("cf-connecting-ip") ?? "",
    userAgent: (context.req.header("user-agent") ?? "").slice(0, USER_AGENT_CHARACTERS_MAX),
    requestId: context.get("requestId"),
  };
}
