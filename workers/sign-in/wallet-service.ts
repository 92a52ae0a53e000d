// Wallets as a way in: signing in, making an account, adding, naming and removing them.
// Invariant: a wallet belongs to one account, and gets there only by its own signature for that account.
import { randomBase62 } from "../../schema/token.ts";
import { recordAudit } from "../audit/service.ts";
import { replaceSession } from "../auth/sessions.ts";
import type { UserActor } from "../core/actor.ts";
import type { Executor } from "../core/db.ts";
import { ForgeError } from "../core/errors.ts";
import { CREDENTIALS_PER_KIND_MAX } from "../core/limits.ts";
import { mayRegister } from "../site-settings/may-register.ts";
import { type BrowserServices, holderOf, type SignInPurpose } from "./browser-services.ts";
import { issueChallenge, readChallengeSubject, takeChallenge } from "./challenge-service.ts";
import { createPerson } from "./create-person.ts";
import { readCredentialName } from "./credential-name.ts";
import { forgetRefusals, recordRefusal, requireUnlocked, takeTry } from "./refuse-sign-in.ts";
import type { SignInServices } from "./services.ts";
import * as store from "./store/wallets.ts";
import {
  askWallet,
  explainProblem,
  judgeProof,
  type SignedMessage,
  type WalletPurpose,
} from "./wallet-proof.ts";
import { addChecksum } from "./wallet-signature.ts";
import { countWaysIn } from "./ways-in.ts";

const TICKET_LENGTH = 43;

/** A message for the wallet to sign; undefined when the address is none. @throws ForgeError `too_many_requests` */
export async function prepareWallet(
  services: BrowserServices,
  purpose: WalletPurpose,
  wallet: { address: string; chainId: number },
): Promise<string | undefined> {
  await requireUnlocked(services);
  return askWallet(services, purpose, wallet);
}

type WalletSignIn =
  | { end: "in"; session: string }
  /** Nobody's wallet yet; the ticket, in this browser, makes an account for it. */
  | { end: "unknown"; ticket: string; address: string }
  | { end: "refused"; problem: string };

/**
 * Signs in whoever has the wallet that signed. To confirm, it must be one of who is signed in.
 * @throws ForgeError `too_many_requests`, or `unavailable` when a contract wallet's node can't be asked.
 */
export async function signInByWallet(
  services: BrowserServices,
  purpose: SignInPurpose,
  signed: SignedMessage,
): Promise<WalletSignIn> {
  await takeTry(services);
  const { database, actor, origin } = services;
  const proof = await judgeProof(services, purpose, signed);
  if (!("address" in proof)) {
    await recordRefusal(services, { method: "wallet", reason: proof.reason });
    return { end: "refused", problem: explainProblem(proof) };
  }
  const owner = await store.findWalletOwner(database.query, proof.address);
  if (purpose === "confirm" && (actor.kind !== "user" || owner?.id !== actor.userId)) {
    await recordRefusal(services, { method: "wallet", reason: "other-account" });
    return { end: "refused", problem: "That wallet isn't one of yours here." };
  }
  if (!owner) {
    const verdict = await mayRegister(database.query, { invited: false });
    if (verdict.may) return giveTicket(services, proof.address);
    return { end: "refused", problem: `No account has that wallet. ${verdict.problem}` };
  }
  if (owner.suspendedAt !== null) {
    await recordRefusal(services, { method: "wallet", reason: "suspended" }, owner.id);
    return { end: "refused", problem: "This account is suspended." };
  }
  await forgetRefusals(services);
  const session = await database.transaction(async (transaction) => {
    await store.touchWallet(transaction, owner.walletId);
    return replaceSession(transaction, actor, owner, "wallet", origin);
  });
  return { end: "in", session };
}

async function giveTicket(services: BrowserServices, address: string): Promise<WalletSignIn> {
  const ticket = randomBase62(TICKET_LENGTH);
  const holder = holderOf(services, "sign-in");
  await issueChallenge(services.database.query, "wallet-register", ticket, holder, address);
  return { end: "unknown", ticket, address: addChecksum(address) };
}

type WalletRegistration =
  | { end: "in"; session: string }
  /** `address`: what the form is shown again with. */
  | { end: "wrong"; problem: string; address: string }
  | { end: "expired" }
  | { end: "closed"; problem: string };

/** Makes an account for a wallet that signed. A name that can't be had uses nothing up. */
export async function registerByWallet(
  services: BrowserServices,
  ticket: string,
  username: string,
): Promise<WalletRegistration> {
  await takeTry(services);
  const { database, actor, origin } = services;
  const holder = holderOf(services, "sign-in");
  return database.transaction(async (transaction) => {
    const address = await readChallengeSubject(transaction, "wallet-register", ticket, holder);
    if (address === undefined) return { end: "expired" };
    // Refusals come before anything is changed, so that there is nothing to undo.
    if (await store.findWalletOwner(transaction, address)) return { end: "expired" };
    const verdict = await mayRegister(transaction, { invited: false });
    if (!verdict.may) return { end: "closed", problem: verdict.problem };
    const created = await createPerson(transaction, origin, username);
    if (created.state === "refused") {
      return { end: "wrong", problem: created.problem, address: addChecksum(address) };
    }
    const { person } = created;
    const taken = await takeChallenge(transaction, "wallet-register", ticket, holder);
    const wallet = await store.insertWallet(transaction, { userId: person.id, address, name: "" });
    // Of two at once, the other was first: throwing takes the account back.
    if (taken.state !== "taken" || !wallet)
      throw new ForgeError("conflict", "That wallet was registered at the same moment.");
    await recordWallet(transaction, services, person.id, "wallet.add", { id: wallet.id, address });
    return { end: "in", session: await replaceSession(transaction, actor, person, "wallet", origin) };
  });
}

type WalletAddition = { end: "added"; session: string } | { end: "refused"; problem: string };

/** Adds the wallet that signed to who is signed in, whose session gets another secret. */
export async function addWallet(
  services: BrowserServices,
  actor: UserActor,
  signed: SignedMessage,
): Promise<WalletAddition> {
  await takeTry(services);
  const proof = await judgeProof(services, "add", signed);
  if (!("address" in proof)) {
    await recordRefusal(services, { method: "wallet", reason: proof.reason }, actor.userId);
    return { end: "refused", problem: explainProblem(proof) };
  }
  const { address } = proof;
  const person = { id: actor.userId, username: actor.username };
  return services.database.transaction(async (transaction) => {
    await countWaysIn(transaction, actor.userId);
    const wallets = await store.listWallets(transaction, actor.userId);
    if (wallets.length >= CREDENTIALS_PER_KIND_MAX) {
      return { end: "refused", problem: `An account has at most ${CREDENTIALS_PER_KIND_MAX} wallets.` };
    }
    const wallet = await store.insertWallet(transaction, { userId: actor.userId, address, name: "" });
    if (!wallet) return { end: "refused", problem: "That wallet belongs to an account already." };
    await recordWallet(transaction, services, actor.userId, "wallet.add", { id: wallet.id, address });
    const session = await replaceSession(transaction, actor, person, "wallet", services.origin);
    return { end: "added", session };
  });
}

interface ListedWallet {
  id: number;
  /** With a checksum. */
  address: string;
  /** Empty until it is given one. */
  name: string;
  createdAt: Date;
  lastUsedAt: Date | null;
}

export async function listWallets(services: SignInServices, actor: UserActor): Promise<ListedWallet[]> {
  const wallets = await store.listWallets(services.database.query, actor.userId);
  return wallets.map((wallet) => ({ ...wallet, address: addChecksum(wallet.address) }));
}

/** Names one's wallet. @returns what is wrong with the name, or `missing` when it isn't one's own. */
export async function renameWallet(
  services: SignInServices,
  actor: UserActor,
  walletId: number,
  given: string,
): Promise<{ end: "renamed" } | { end: "missing" } | { end: "wrong"; problem: string }> {
  const read = readCredentialName(given);
  if ("problem" in read) return { end: "wrong", problem: read.problem };
  return services.database.transaction(async (transaction) => {
    const wallet = await store.renameWallet(transaction, actor.userId, walletId, read.name);
    if (!wallet) return { end: "missing" };
    const { address } = wallet;
    await recordWallet(transaction, services, actor.userId, "wallet.rename", { id: walletId, address });
    return { end: "renamed" };
  });
}

/** Takes one's wallet away, unless it is the last way in. */
export async function removeWallet(
  services: SignInServices,
  actor: UserActor,
  walletId: number,
): Promise<{ end: "removed" | "missing" | "last" }> {
  return services.database.transaction(async (transaction) => {
    const isLast = (await countWaysIn(transaction, actor.userId)) <= 1;
    const wallets = await store.listWallets(transaction, actor.userId);
    if (!wallets.some(({ id }) => id === walletId)) return { end: "missing" };
    if (isLast) return { end: "last" };
    const removed = await store.deleteWallet(transaction, actor.userId, walletId);
    if (!removed) return { end: "missing" };
    const { address } = removed;
    await recordWallet(transaction, services, actor.userId, "wallet.remove", { id: walletId, address });
    return { end: "removed" };
  });
}

async function recordWallet(
  transaction: Executor,
  { actor, origin }: SignInServices,
  ownerId: number,
  action: "wallet.add" | "wallet.rename" | "wallet.remove",
  wallet: { id: number; address: string },
): Promise<void> {
  const target = { kind: "wallet", id: wallet.id, name: addChecksum(wallet.address) };
  await recordAudit(transaction, actor, origin, { action, ownerId, target });
}
