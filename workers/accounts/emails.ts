// The email addresses of an account: added, verified, chosen, shown and removed. Invariant: an address belongs to an
// account only once its link was taken by who is signed in to that account; an account with a verified address keeps one.
import { isEmailAddress } from "../../schema/wire/mail.ts";
import { recordAudit } from "../audit/service.ts";
import { requirePermission } from "../auth/permissions.ts";
import type { UserActor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { EMAILS_PER_ACCOUNT_MAX } from "../core/limits.ts";
import type { Origin } from "../core/origin.ts";
import { canMail } from "../mail/can-mail.ts";
import { orderMail } from "../mail/service.ts";
import * as store from "./store.ts";

export interface AccountServices {
  env: Env;
  database: Database;
  actor: UserActor;
  origin: Origin;
}

export interface OwnEmail {
  id: number;
  address: string;
  isPrimary: boolean;
  isPublic: boolean;
  verifiedAt: Date | null;
}

/** The addresses of who asks, the primary one first. */
export async function listEmails(database: Database, actor: UserActor): Promise<OwnEmail[]> {
  requirePermission(actor, "account.read", { accountId: actor.userId });
  return store.listEmails(database.query, actor.userId);
}

const NO_MAIL = "No mail can be sent from here, so no address can be confirmed.";

type EmailEnd = { end: "done" } | { end: "wrong"; problem: string } | { end: "unknown" };

/** Adds an address and mails a link to it. Whether another account has it, only its owner is told. */
export async function addEmail(services: AccountServices, address: string): Promise<EmailEnd> {
  const { env, actor } = services;
  if (!isEmailAddress(address)) return { end: "wrong", problem: "This isn't an email address." };
  if (!(await canMail(env))) return { end: "wrong", problem: NO_MAIL };
  return change(services, async (transaction, own) => {
    if (own.some((email) => isSameAddress(email.address, address))) {
      return { end: "wrong", problem: "You have this address already." };
    }
    if (own.length >= EMAILS_PER_ACCOUNT_MAX) {
      return { end: "wrong", problem: `An account has at most ${EMAILS_PER_ACCOUNT_MAX} addresses.` };
    }
    await store.insertEmail(transaction, actor.userId, address);
    await orderMail(env, transaction, { kind: "verify", userId: actor.userId, address });
    await record(services, transaction, "email.add", address);
    return { end: "done" };
  });
}

/** Mails another link to an address that isn't verified yet. */
export async function resendVerification(services: AccountServices, id: number): Promise<EmailEnd> {
  const { env, actor } = services;
  if (!(await canMail(env))) return { end: "wrong", problem: NO_MAIL };
  return change(services, async (transaction, own) => {
    const email = own.find((one) => one.id === id);
    if (!email) return { end: "unknown" };
    if (email.verifiedAt !== null) return { end: "wrong", problem: "This address is verified." };
    await orderMail(env, transaction, { kind: "verify", userId: actor.userId, address: email.address });
    return { end: "done" };
  });
}

/** Takes an address from the account. The primary one stays until another is. */
export async function removeEmail(services: AccountServices, id: number): Promise<EmailEnd> {
  return change(services, async (transaction, own) => {
    const email = own.find((one) => one.id === id);
    if (!email) return { end: "unknown" };
    if (email.isPrimary) {
      return { end: "wrong", problem: "Make another address the primary one before you remove this one." };
    }
    await store.deleteEmail(transaction, id);
    await record(services, transaction, "email.remove", email.address);
    if (email.verifiedAt !== null) {
      await tell(services, transaction, email.address, `without ${email.address}`);
    }
    return { end: "done" };
  });
}

/** Sends all mail to another of the account's addresses, and tells the one that was primary. */
export async function makePrimary(services: AccountServices, id: number): Promise<EmailEnd> {
  const { actor } = services;
  return change(services, async (transaction, own) => {
    const email = own.find((one) => one.id === id);
    if (!email) return { end: "unknown" };
    if (email.verifiedAt === null) return { end: "wrong", problem: "Verify this address first." };
    const former = own.find((one) => one.isPrimary);
    if (former?.id === id) return { end: "done" };
    await store.setPrimary(transaction, actor.userId, id);
    await record(services, transaction, "email.primary", email.address);
    if (former) await tell(services, transaction, former.address, `the primary one is ${email.address}`);
    return { end: "done" };
  });
}

/** Shows an address to everybody, or to nobody else. */
export async function setEmailVisibility(
  services: AccountServices,
  id: number,
  isPublic: boolean,
): Promise<EmailEnd> {
  return change(services, async (transaction, own) => {
    const email = own.find((one) => one.id === id);
    if (!email) return { end: "unknown" };
    if (isPublic && email.verifiedAt === null) return { end: "wrong", problem: "Verify this address first." };
    await store.setPublic(transaction, id, isPublic);
    return { end: "done" };
  });
}

/** Asks both addresses whether the new one is to take the place of the primary one. */
export async function orderEmailChange(services: AccountServices, to: string): Promise<EmailEnd> {
  const { env, actor } = services;
  if (!isEmailAddress(to)) return { end: "wrong", problem: "This isn't an email address." };
  return change(services, async (transaction, own) => {
    const primary = own.find((one) => one.isPrimary);
    if (!primary) return { end: "wrong", problem: "There is no primary address yet: add this one." };
    if (isSameAddress(primary.address, to)) return { end: "wrong", problem: "This is your address." };
    const from = primary.address;
    const order = { userId: actor.userId, changeId: crypto.randomUUID(), from, to };
    await orderMail(env, transaction, { kind: "change-old", ...order });
    await orderMail(env, transaction, { kind: "change-new", ...order });
    await record(services, transaction, "email.change-request", to);
    return { end: "done" };
  });
}

/** Decides and changes while nobody else does the same to this account. */
async function change(
  { database, actor }: AccountServices,
  work: (transaction: Executor, own: OwnEmail[]) => Promise<EmailEnd>,
): Promise<EmailEnd> {
  requirePermission(actor, "account.write", { accountId: actor.userId });
  return database.transaction(async (transaction) => {
    await store.lockAccount(transaction, actor.userId);
    return work(transaction, await store.listEmails(transaction, actor.userId));
  });
}

async function tell(
  { env, actor }: AccountServices,
  transaction: Executor,
  to: string,
  detail: string,
): Promise<void> {
  await orderMail(env, transaction, { kind: "news", userId: actor.userId, news: "address", detail, to });
}

async function record(
  { actor, origin }: AccountServices,
  transaction: Executor,
  action: string,
  address: string,
): Promise<void> {
  await recordAudit(transaction, actor, origin, {
    action,
    ownerId: actor.userId,
    target: { kind: "email", name: address },
  });
}

const isSameAddress = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
