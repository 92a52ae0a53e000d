// Wallets and passkeys that prove nothing: recorded with the reason, and counted until the address is locked for a while.
import { recordAudit } from "../audit/service.ts";
import { ForgeError } from "../core/errors.ts";
import { clearFailures, readLockMs, recordFailure } from "../rate-limits/service.ts";
import type { SignInServices } from "./services.ts";

// By address and not by account: whoever knows a wallet's address could lock its owner out.
const keyOf = ({ origin }: SignInServices): string => `sign-in:${origin.address}`;

/** @throws ForgeError `too_many_requests` while the address is locked. Ask before anything is verified. */
export async function requireUnlocked(services: SignInServices): Promise<void> {
  if (services.origin.address === "") return;
  const lockMs = await readLockMs(services.database, keyOf(services));
  if (lockMs === 0) return;
  const seconds = Math.ceil(lockMs / 1000);
  throw new ForgeError("too_many_requests", `Too many failed tries to sign in. Try again in ${seconds} s.`);
}

/** Records a refusal. @param details `method`, `reason`; never a secret. */
export async function recordRefusal(
  services: SignInServices,
  details: { method: "wallet" | "passkey"; reason: string },
  ownerId?: number,
): Promise<void> {
  const { database, actor, origin } = services;
  await recordAudit(database.query, actor, origin, {
    action: "sign-in.refused",
    ...(ownerId === undefined ? {} : { ownerId }),
    details,
  });
  if (origin.address !== "") await recordFailure(database, keyOf(services));
}

/** After a success. */
export async function forgetRefusals(services: SignInServices): Promise<void> {
  if (services.origin.address !== "") await clearFailures(services.database, keyOf(services));
}
