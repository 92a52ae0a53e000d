// What an answer says of its limits, and how a request past them is refused.

import type { Context } from "hono";
import type { AppEnv } from "../core/app-env.ts";
import { runInBackground } from "../core/background.ts";
import { ForgeError } from "../core/errors.ts";
import type { Charge } from "./charge.ts";
import type { RequestRules } from "./request-rules.ts";
import { giveBack, takeRequest } from "./service.ts";

const STATUS_NOT_MODIFIED = 304;

/** @throws ForgeError past the limit: 403 under GitHub's paths, as GitHub answers, 429 elsewhere. */
export function requireWithinLimit(context: Context<AppEnv>, charge: Charge | null, who: string): void {
  if (charge === null || charge.allowed) return;
  writeLimitHeaders(context.res.headers, charge);
  const isGithubs = context.req.path.startsWith("/api/v3/");
  throw new ForgeError(isGithubs ? "forbidden" : "too_many_requests", `API rate limit exceeded for ${who}.`, {
    retryAfterMs: charge.retryAfterMs,
  });
}

/** Takes a request of an address that shows no credential. */
export async function chargeAddress(
  context: Context<AppEnv>,
  rules: RequestRules,
  address: string,
): Promise<Charge> {
  const rule = rules.perAddress;
  const taken = await takeRequest(context.get("database"), rule, address);
  const isCounted = taken.allowed && address !== "";
  return {
    ...taken,
    resource: rules.resource,
    taken: isCounted ? [{ key: `${rule.name}:${address}`, rule }] : [],
  };
}

/** Says in the answer what is left. An answer that says that nothing changed is free. */
export function finishCharge(context: Context<AppEnv>, charge: Charge): void {
  const isFree = context.res.status === STATUS_NOT_MODIFIED;
  const remaining = isFree ? Math.min(charge.limit, charge.remaining + 1) : charge.remaining;
  writeLimitHeaders(context.res.headers, { ...charge, remaining });
  if (isFree && charge.taken.length > 0) {
    const { taken } = charge;
    runInBackground(context, "a request that was free was counted", () =>
      giveBack(context.get("database"), taken),
    );
  }
}

function writeLimitHeaders(headers: Headers, charge: Charge): void {
  headers.set("x-ratelimit-limit", String(charge.limit));
  headers.set("x-ratelimit-remaining", String(charge.remaining));
  headers.set("x-ratelimit-used", String(charge.limit - charge.remaining));
  headers.set("x-ratelimit-reset", String(Math.ceil(charge.resetAt.getTime() / 1000)));
  headers.set("x-ratelimit-resource", charge.resource);
}

/**
 * Whom an address stands for: an IPv6 subscriber has a whole /64, all of which counts as one.
 * @param address as `readOrigin` gives it
 */
export function toAddressKey(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const front = head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups =
    tail === undefined
      ? front
      : [...front, ...Array(Math.max(0, 8 - front.length - back.length)).fill("0"), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, "") || "0")
    .join(":")}::/64`;
}
