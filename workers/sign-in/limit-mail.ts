// How often mail may be asked for: by a client, and to an address or name, known or not.
import type { RateRule } from "../core/limits.ts";
import { MAIL_PER_CLIENT, MAIL_PER_RECIPIENT } from "../core/limits.ts";
import { toAddressKey } from "../rate-limits/limit-requests.ts";
import { takeRequest } from "../rate-limits/service.ts";
import type { SignInServices } from "./services.ts";

/** @returns how long to wait, in ms; 0 when it is allowed. */
export async function takeMailRequest(
  { database, origin }: Pick<SignInServices, "database" | "origin">,
  recipient: string,
): Promise<number> {
  const asked: [RateRule, string][] = [[MAIL_PER_RECIPIENT, recipient.toLowerCase()]];
  if (origin.address !== "") asked.unshift([MAIL_PER_CLIENT, toAddressKey(origin.address)]);
  for (const [rule, key] of asked) {
    const taken = await takeRequest(database, rule, key);
    if (!taken.allowed) return taken.retryAfterMs;
  }
  return 0;
}
