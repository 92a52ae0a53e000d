// Where a request came from, for sessions, the audit log and rate limits.
import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";
import { findClientAddress } from "./client-address.ts";

export interface Origin {
  /** The client's address; empty when nothing trustworthy said one (client-address.ts). */
  address: string;
  userAgent: string;
  requestId: string;
}

const USER_AGENT_CHARACTERS_MAX = 400;

export function readOrigin(context: Context<AppEnv>): Origin {
  return {
    address: findClientAddress(context.get("env").clientAddressSource, (name) => context.req.header(name)),
    userAgent: (context.req.header("user-agent") ?? "").slice(0, USER_AGENT_CHARACTERS_MAX),
    requestId: context.get("requestId"),
  };
}
