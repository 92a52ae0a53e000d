// Challenges: what a wallet or a passkey has to sign. Invariant: each is random, taken once, within ten minutes, by the
// browser it was given to and for the person it was given for; only its hash is stored.
import { hashSecret } from "../../schema/token.ts";
import type { Executor } from "../core/db.ts";
import { CHALLENGE_LIFETIME_MS } from "../core/limits.ts";
import * as store from "./store/challenges.ts";

type ChallengeKind = "siwe" | "wallet-register" | "passkey-register" | "passkey-sign-in";

/** Which browser, and who is signed in there as far as it matters. */
export interface ChallengeHolder {
  /** The secret of the cookie that binds challenges to a browser; empty when the browser brought none. */
  browserSecret: string;
  /** Whom the challenge adds something to or confirms; null when anybody may sign in with it. */
  userId: number | null;
}

/** Gives out a challenge. @param value at least 128 bits of the CSPRNG */
export async function issueChallenge(
  query: Executor,
  kind: ChallengeKind,
  value: string,
  holder: ChallengeHolder,
  subject = "",
): Promise<{ issuedAt: Date; expiresAt: Date }> {
  const issuedAt = new Date();
  const expiresAt = new Date(issuedAt.getTime() + CHALLENGE_LIFETIME_MS);
  const { browserSecret, userId } = holder;
  if (browserSecret === "") throw new Error("a challenge needs a browser");
  const [valueHash, browserHash] = await Promise.all([hashSecret(value), hashSecret(browserSecret)]);
  await store.insertChallenge(query, { kind, valueHash, browserHash, userId, subject, expiresAt });
  return { issuedAt, expiresAt };
}

export type ChallengeProblem = "unknown" | "other-browser" | "other-person" | "used" | "expired";

type TakenChallenge = { state: "taken"; subject: string } | { state: ChallengeProblem };

/** Takes a challenge, or says for the audit log why it can't be had. */
export async function takeChallenge(
  query: Executor,
  kind: ChallengeKind,
  value: string,
  holder: ChallengeHolder,
): Promise<TakenChallenge> {
  const [valueHash, browserHash] = await Promise.all([hashSecret(value), hashSecret(holder.browserSecret)]);
  const { userId } = holder;
  const taken = await store.takeChallenge(query, { kind, valueHash, browserHash, userId });
  if (taken) return { state: "taken", subject: taken.subject };
  const known = await store.findChallenge(query, kind, valueHash);
  if (!known) return { state: "unknown" };
  if (known.browserHash !== browserHash) return { state: "other-browser" };
  if (known.userId !== userId) return { state: "other-person" };
  return { state: known.usedAt === null ? "expired" : "used" };
}

/** What a live challenge is about, without taking it; undefined when this browser can't take it. */
export async function readChallengeSubject(
  query: Executor,
  kind: ChallengeKind,
  value: string,
  holder: ChallengeHolder,
): Promise<string | undefined> {
  const [valueHash, browserHash] = await Promise.all([hashSecret(value), hashSecret(holder.browserSecret)]);
  const known = await store.findChallenge(query, kind, valueHash);
  if (known?.browserHash !== browserHash || known.userId !== holder.userId) return undefined;
  return known.usedAt === null && known.expiresAt.getTime() > Date.now() ? known.subject : undefined;
}
