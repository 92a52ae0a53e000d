// The links in mails: where they lead, how long they are good, and how one is made and taken.
// Invariant: the secret is in the mail alone; it does one thing, once, before its time is over.
import { hashSecret, randomBase62 } from "../../schema/token.ts";
import type { Database, Executor } from "../core/db.ts";
import {
  ACTIVATION_LIFETIME_MS,
  EMAIL_SIGN_IN_LIFETIME_MS,
  RESET_LIFETIME_MS,
  VERIFICATION_LIFETIME_MS,
} from "../core/limits.ts";
import * as store from "./store.ts";

const SECRET_LENGTH = 43;

/** Each purpose with the path its secret ends. */
const LINKS = {
  activate: { path: "/activate/", lifetimeMs: ACTIVATION_LIFETIME_MS, lifetime: "24 hours" },
  "sign-in": { path: "/login/email/", lifetimeMs: EMAIL_SIGN_IN_LIFETIME_MS, lifetime: "15 minutes" },
  reset: { path: "/reset/", lifetimeMs: RESET_LIFETIME_MS, lifetime: "one hour" },
  verify: { path: "/verify/email/", lifetimeMs: VERIFICATION_LIFETIME_MS, lifetime: "24 hours" },
  "change-old": { path: "/verify/old/", lifetimeMs: VERIFICATION_LIFETIME_MS, lifetime: "24 hours" },
  "change-new": { path: "/verify/new/", lifetimeMs: VERIFICATION_LIFETIME_MS, lifetime: "24 hours" },
} as const;

export type LinkKind = keyof typeof LINKS;

/** Makes a link. @returns its address, in words how long it is good, and until when. */
export async function makeLink(
  transaction: Executor,
  publicUrl: string,
  link: { kind: LinkKind; userId: number | null; address: string; payload?: Record<string, unknown> },
) {
  const { path, lifetimeMs, lifetime } = LINKS[link.kind];
  const secret = randomBase62(SECRET_LENGTH);
  const expiresAt = new Date(Date.now() + lifetimeMs);
  const { kind, userId, address, payload = {} } = link;
  const secretHash = await hashSecret(secret);
  await store.insertToken(transaction, { kind, userId, address, payload, secretHash, expiresAt });
  return { link: `${publicUrl}${path}${secret}`, lifetime, expiresAt };
}

/** What a link is for: whose account, which address, and what was kept with it. */
interface MailedLink {
  userId: number | null;
  /** Of the account; null where there is none yet. */
  username: string | null;
  address: string;
  payload: Record<string, unknown>;
  expiresAt: Date;
}

type LinkState = { state: "usable"; link: MailedLink } | { state: "used" | "expired" | "unknown" };

/** What has become of a link of this purpose. Takes nothing. */
export async function describeLink(database: Database, kind: LinkKind, secret: string): Promise<LinkState> {
  const found = await store.findToken(database.query, kind, await hashSecret(secret));
  if (!found) return { state: "unknown" };
  const { userId, address, payload, expiresAt, usedAt } = found.token;
  if (usedAt !== null) return { state: "used" };
  if (expiresAt.getTime() <= Date.now()) return { state: "expired" };
  return { state: "usable", link: { userId, username: found.username, address, payload, expiresAt } };
}

/** A usable link, held by this transaction; undefined for any other. It is used up by `markLinkUsed` alone. */
export async function lockLink(transaction: Executor, kind: LinkKind, secret: string) {
  return store.lockToken(transaction, kind, await hashSecret(secret));
}

export const markLinkUsed = store.markTokenUsed;
export const endLinks = store.endTokens;
export const findLinkOfChange = store.findChangeToken;
