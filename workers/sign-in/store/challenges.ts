// The SQL of challenges. Invariant: one UPDATE takes a challenge, so of any number at once one has it.
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import { signInChallenges } from "../../../schema/tables/auth.ts";
import type { Executor } from "../../core/db.ts";

type NewChallenge = typeof signInChallenges.$inferInsert;

export async function insertChallenge(query: Executor, challenge: NewChallenge): Promise<void> {
  await query.insert(signInChallenges).values(challenge);
}

interface Presented {
  kind: string;
  valueHash: string;
  browserHash: string;
  /** Who it has to be for; null for nobody in particular. */
  userId: number | null;
}

/** Takes a live challenge that was given to this browser for this person. */
export async function takeChallenge(query: Executor, presented: Presented) {
  const [row] = await query
    .update(signInChallenges)
    .set({ usedAt: sql`now()` })
    .where(
      and(
        eq(signInChallenges.kind, presented.kind),
        eq(signInChallenges.valueHash, presented.valueHash),
        eq(signInChallenges.browserHash, presented.browserHash),
        sql`${signInChallenges.userId} IS NOT DISTINCT FROM ${presented.userId}`,
        isNull(signInChallenges.usedAt),
        gt(signInChallenges.expiresAt, sql`now()`),
      ),
    )
    .returning({ subject: signInChallenges.subject });
  return row;
}

/** What there is to know of a challenge, whoever presents it. */
export async function findChallenge(query: Executor, kind: string, valueHash: string) {
  const [row] = await query
    .select({
      browserHash: signInChallenges.browserHash,
      userId: signInChallenges.userId,
      subject: signInChallenges.subject,
      expiresAt: signInChallenges.expiresAt,
      usedAt: signInChallenges.usedAt,
    })
    .from(signInChallenges)
    .where(and(eq(signInChallenges.kind, kind), eq(signInChallenges.valueHash, valueHash)));
  return row;
}
