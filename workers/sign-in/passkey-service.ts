// Passkeys as a way in: signing in, adding, naming and removing them. Invariant: the key made sure who its user is, for
// this site, in the browser that was asked; and a counter that goes back (a copied key) is refused.
// After https://www.w3.org/TR/webauthn-3/#sctn-rp-operations
import { recordAudit } from "../audit/service.ts";
import { replaceSession } from "../auth/sessions.ts";
import type { UserActor } from "../core/actor.ts";
import type { Executor } from "../core/db.ts";
import { CREDENTIALS_PER_KIND_MAX } from "../core/limits.ts";
import type { BrowserServices, SignInPurpose } from "./browser-services.ts";
import { readCredentialName } from "./credential-name.ts";
import { judgeAssertion, judgeRegistration } from "./passkey-proof.ts";
import { forgetRefusals, recordRefusal, takeTry } from "./refuse-sign-in.ts";
import type { SignInServices } from "./services.ts";
import * as store from "./store/passkeys.ts";
import { countWaysIn } from "./ways-in.ts";

type PasskeySignIn = { end: "in"; session: string } | { end: "refused"; problem: string };

const REFUSED = "That passkey doesn't sign in here. Try again, or use another way.";

/**
 * Signs in whoever has the passkey that answered. To confirm, it must be one of who is signed in.
 * @param answer what the browser gave, as JSON
 * @throws ForgeError `too_many_requests`
 */
export async function signInByPasskey(
  services: BrowserServices,
  purpose: SignInPurpose,
  answer: string,
): Promise<PasskeySignIn> {
  await takeTry(services);
  const { database, actor, origin } = services;
  const judged = await judgeAssertion(services, purpose, answer);
  const reason = "reason" in judged ? judged.reason : findOwnerProblem(services, purpose, judged.owner);
  if (reason !== undefined || "reason" in judged) {
    return refuse(services, reason ?? "unknown", judged.owner?.id);
  }
  const { owner, counter, isBackedUp } = judged;
  const session = await database.transaction(async (transaction) => {
    const isUsed = await store.usePasskey(transaction, owner.passkeyId, { counter, isBackedUp });
    return isUsed ? replaceSession(transaction, actor, owner, "passkey", origin) : undefined;
  });
  if (session === undefined) return refuse(services, "counter", owner.id);
  await forgetRefusals(services);
  return { end: "in", session };
}

function findOwnerProblem(
  { actor }: BrowserServices,
  purpose: SignInPurpose,
  owner: { id: number; suspendedAt: Date | null },
): string | undefined {
  if (owner.suspendedAt !== null) return "suspended";
  if (purpose === "sign-in") return undefined;
  return actor.kind === "user" && actor.userId === owner.id ? undefined : "other-account";
}

async function refuse(
  services: BrowserServices,
  reason: string,
  ownerId: number | undefined,
): Promise<PasskeySignIn> {
  await recordRefusal(services, { method: "passkey", reason }, ownerId);
  return { end: "refused", problem: reason === "suspended" ? "This account is suspended." : REFUSED };
}

type PasskeyAddition = { end: "added"; session: string } | { end: "refused"; problem: string };

/** Adds a passkey to who is signed in, whose session gets another secret. @param answer as JSON */
export async function addPasskey(
  services: BrowserServices,
  actor: UserActor,
  answer: string,
  givenName: string,
): Promise<PasskeyAddition> {
  await takeTry(services);
  const read = readCredentialName(givenName);
  if ("problem" in read) return { end: "refused", problem: read.problem };
  const judged = await judgeRegistration(services, answer);
  if ("reason" in judged) {
    await recordRefusal(services, { method: "passkey", reason: judged.reason }, actor.userId);
    return { end: "refused", problem: "The passkey couldn't be added. Try again." };
  }
  const name = read.name === "" ? "Passkey" : read.name;
  const person = { id: actor.userId, username: actor.username };
  return services.database.transaction(async (transaction) => {
    await countWaysIn(transaction, actor.userId);
    if ((await store.listPasskeys(transaction, actor.userId)).length >= CREDENTIALS_PER_KIND_MAX) {
      return { end: "refused", problem: `An account has at most ${CREDENTIALS_PER_KIND_MAX} passkeys.` };
    }
    const passkey = await store.insertPasskey(transaction, { userId: actor.userId, name, ...judged.passkey });
    if (!passkey) return { end: "refused", problem: "That passkey belongs to an account already." };
    await recordPasskey(transaction, services, actor, "passkey.add", { id: passkey.id, name });
    const session = await replaceSession(transaction, actor, person, "passkey", services.origin);
    return { end: "added", session };
  });
}

interface ListedPasskey {
  id: number;
  name: string;
  /** Whether it is kept elsewhere too, so that losing a device doesn't lose it. */
  isBackedUp: boolean;
  createdAt: Date;
  lastUsedAt: Date | null;
}

export async function listPasskeys(services: SignInServices, actor: UserActor): Promise<ListedPasskey[]> {
  const passkeys = await store.listPasskeys(services.database.query, actor.userId);
  return passkeys.map(({ id, name, isBackedUp, createdAt, lastUsedAt }) => ({
    ...{ id, name, isBackedUp, createdAt, lastUsedAt },
  }));
}

/** Names one's passkey. @returns what is wrong with the name, or `missing` when it isn't one's own. */
export async function renamePasskey(
  services: SignInServices,
  actor: UserActor,
  passkeyId: number,
  given: string,
): Promise<{ end: "renamed" } | { end: "missing" } | { end: "wrong"; problem: string }> {
  const read = readCredentialName(given);
  if ("problem" in read) return { end: "wrong", problem: read.problem };
  const { name } = read;
  if (name === "") return { end: "wrong", problem: "A passkey needs a name." };
  return services.database.transaction(async (transaction) => {
    if (!(await store.renamePasskey(transaction, actor.userId, passkeyId, name))) return { end: "missing" };
    await recordPasskey(transaction, services, actor, "passkey.rename", { id: passkeyId, name });
    return { end: "renamed" };
  });
}

/** Takes one's passkey away, unless it is the last way in. */
export async function removePasskey(
  services: SignInServices,
  actor: UserActor,
  passkeyId: number,
): Promise<{ end: "removed" | "missing" | "last" }> {
  return services.database.transaction(async (transaction) => {
    const isLast = (await countWaysIn(transaction, actor.userId)) <= 1;
    const passkeys = await store.listPasskeys(transaction, actor.userId);
    if (!passkeys.some(({ id }) => id === passkeyId)) return { end: "missing" };
    if (isLast) return { end: "last" };
    const removed = await store.deletePasskey(transaction, actor.userId, passkeyId);
    if (!removed) return { end: "missing" };
    await recordPasskey(transaction, services, actor, "passkey.remove", {
      id: passkeyId,
      name: removed.name,
    });
    return { end: "removed" };
  });
}

async function recordPasskey(
  transaction: Executor,
  { origin }: SignInServices,
  actor: UserActor,
  action: "passkey.add" | "passkey.rename" | "passkey.remove",
  passkey: { id: number; name: string },
): Promise<void> {
  const target = { kind: "passkey", ...passkey };
  await recordAudit(transaction, actor, origin, { action, ownerId: actor.userId, target });
}
