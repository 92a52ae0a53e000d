// Taking the links that say an address is one's own, and that one address takes the place of another.
// Invariant: each is taken by who is signed in to the account it is for, so that nobody is given another's address.
import { z } from "zod";
import { recordAudit } from "../audit/service.ts";
import type { Executor } from "../core/db.ts";
import { findLinkOfChange, lockLink, markLinkUsed } from "../mail/links.ts";
import { orderMail } from "../mail/service.ts";
import { claimAddress } from "./claim-address.ts";
import type { AccountServices } from "./emails.ts";
import * as store from "./store.ts";

type LinkEnd =
  /** `half`: the other address has yet to agree. */
  | { end: "done" | "half" }
  /** `taken`: another account has the address by now; `removed`: this one doesn't want it any more. */
  | { end: "gone"; why: "unusable" | "taken" | "removed" };

const changeSchema = z.object({ changeId: z.string(), from: z.string(), to: z.string() });

/** @returns `unusable` also where the link is for another account than the one that asks. */
export async function takeEmailLink(
  services: AccountServices,
  kind: "verify" | "change-old" | "change-new",
  secret: string,
): Promise<LinkEnd> {
  const { database, actor } = services;
  return database.transaction(async (transaction): Promise<LinkEnd> => {
    // First the account, so that the two links of one change, taken at once, are taken one after the other.
    await store.lockAccount(transaction, actor.userId);
    const link = await lockLink(transaction, kind, secret);
    if (!link || link.userId !== actor.userId) return { end: "gone", why: "unusable" };
    await markLinkUsed(transaction, link.id);
    if (kind === "verify") return verify(services, transaction, link.address);
    const wanted = changeSchema.parse(link.payload);
    const otherKind = kind === "change-old" ? "change-new" : "change-old";
    const other = await findLinkOfChange(transaction, otherKind, wanted.changeId);
    if (!other || other.usedAt === null) return { end: "half" };
    return replaceAddress(services, transaction, wanted);
  });
}

async function verify(services: AccountServices, transaction: Executor, address: string): Promise<LinkEnd> {
  const { actor, origin } = services;
  const owner = await claimAddress(transaction, address);
  if (owner && owner.userId !== actor.userId) return { end: "gone", why: "taken" };
  if (!(await store.verifyEmail(transaction, actor.userId, address))) return { end: "gone", why: "removed" };
  await recordAudit(transaction, actor, origin, {
    action: "email.verify",
    ownerId: actor.userId,
    target: { kind: "email", name: address },
  });
  return { end: "done" };
}

async function replaceAddress(
  { env, actor, origin }: AccountServices,
  transaction: Executor,
  { from, to }: z.infer<typeof changeSchema>,
): Promise<LinkEnd> {
  const owner = await claimAddress(transaction, to);
  if (owner && owner.userId !== actor.userId) return { end: "gone", why: "taken" };
  const own = await store.listEmails(transaction, actor.userId);
  const find = (address: string) => own.find((one) => one.address.toLowerCase() === address.toLowerCase());
  const former = find(from);
  if (!former?.isPrimary) return { end: "gone", why: "removed" };
  if (!find(to)) await store.insertEmail(transaction, actor.userId, to);
  await store.verifyEmail(transaction, actor.userId, to);
  const taken = (await store.listEmails(transaction, actor.userId)).find(
    (one) => one.address.toLowerCase() === to.toLowerCase(),
  );
  if (!taken) throw new Error("the new address vanished while it was taken");
  await store.setPrimary(transaction, actor.userId, taken.id);
  await store.deleteEmail(transaction, former.id);
  await recordAudit(transaction, actor, origin, {
    action: "email.change",
    ownerId: actor.userId,
    target: { kind: "email", name: to },
    details: { former: from },
  });
  const detail = `${to} instead of ${from}`;
  await orderMail(env, transaction, {
    kind: "news",
    userId: actor.userId,
    news: "address",
    detail,
    to: from,
  });
  return { end: "done" };
}
