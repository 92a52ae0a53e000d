// How often mail may be asked for: strictly by who asks, and to an address or name, known or not, by all others together.
// Invariant: what others ask for never keeps somebody from a mail that they ask for in a browser their account knows.
import type { RateRule } from "../core/limits.ts";
import { MAIL_PER_ASKER, MAIL_PER_CLIENT, MAIL_PER_RECIPIENT } from "../core/limits.ts";
import { toAddressKey } from "../rate-limits/limit-requests.ts";
import { takeRequest } from "../rate-limits/service.ts";
import type { SignInServices } from "./services.ts";

/** Each has a count of its own, so that whoever used up one kind of link gets the newest of that kind by mail. */
type MailKind = "sign-in" | "reset" | "register" | "verify";

interface WantedMail {
  kind: MailKind;
  /** An address or name. */
  recipient: string;
  /** The asking browser, where the recipient's account knows it. */
  browser?: string | undefined;
}

/** @returns how long to wait, in ms; 0 when it is allowed. */
export async function takeMailRequest(
  { database, origin, actor }: Pick<SignInServices, "database" | "origin" | "actor">,
  { kind, recipient, browser }: WantedMail,
): Promise<number> {
  const to = `${kind}:${recipient.toLowerCase()}`;
  const address = toAddressKey(origin.address);
  const asker =
    browser !== undefined
      ? `browser:${browser}`
      : actor.kind === "user"
        ? `user:${actor.userId}`
        : `address:${address}`;
  const asked: [RateRule, string][] = [[MAIL_PER_ASKER, `${to}@${asker}`]];
  if (browser === undefined) asked.unshift([MAIL_PER_CLIENT, address]);
  if (browser === undefined) asked.push([MAIL_PER_RECIPIENT, to]);
  for (const [rule, key] of asked) {
    const taken = await takeRequest(database, rule, key);
    if (!taken.allowed) return taken.retryAfterMs;
  }
  return 0;
}
