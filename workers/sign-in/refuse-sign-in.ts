// Wallets and passkeys that prove nothing: recorded with the reason, and counted until the address is locked for a while.
import { recordAudit } from "../audit/service.ts";
import { ForgeError } from "../core/errors.ts";
import { SIGN_IN_PER_ADDRESS } from "../core/limits.ts";
import { toAddressKey } from "../rate-limits/limit-requests.ts";
import { clearFailures, readLockMs, recordFailure, takeRequest } from "../rate-limits/service.ts";
import type { SignInServices } from "./services.ts";

// By address and not by account: whoever knows a wallet's address could lock its owner out.
const keyOf = ({ origin }: SignInServices): string => `sign-in:${toAddressKey(origin.address)}`;

/** @throws ForgeError `too_many_requests` while the address is locked. Ask before anything is verified. */
export async function requireUnlocked(services: SignInServices): Promise<void> {
  if (services.origin.address === "") return;
  const lockMs = await readLockMs(services.database, keyOf(services));
  if (lockMs > 0) throw tooMany("Too many failed tries to sign in.", lockMs);
}

/** Counts a try, right or wrong. @throws ForgeError `too_many_requests` while the address is locked or past its limit. */
export async function takeTry(services: SignInServices): Promise<void> {
  await requireUnlocked(services);
  const { database, origin } = services;
  if (origin.address === "") return;
  const taken = await takeRequest(database, SIGN_IN_PER_ADDRESS, toAddressKey(origin.address));
  if (!taken.allowed) throw tooMany("Too many tries to sign in.", taken.retryAfterMs);
}

function tooMany(sentence: string, waitMs: number): ForgeError {
  const seconds = Math.ceil(waitMs / 1000);
  return new ForgeError("too_many_requests", `${sentence} Try again in ${seconds} s.`, {
    retryAfterMs: waitMs,
  });
}

/** Records a refusal. @param details `method`, `reason`; never a secret. */
export async function recordRefusal(
  services: SignInServices,
  details: { method: "wallet" | "passkey"; reason: string },
  ownerId?: number,
): Promise<void> {
  const { database, actor, origin } = services;
  await recordAudit(database.query, actor, origin, {
    action: "sign-in.refuse",
    ...(ownerId === undefined ? {} : { ownerId }),
    details,
  });
  if (origin.address !== "") await recordFailure(database, keyOf(services));
}

/** After a success. */
export async function forgetRefusals(services: SignInServices): Promise<void> {
  if (services.origin.address !== "") await clearFailures(services.database, keyOf(services));
}
