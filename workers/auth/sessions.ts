// Browser sessions: opened for somebody who has just proved who they are.
// Invariant: the secret is in the cookie alone; the database holds its hash.
import { hashSecret, randomBase62 } from "../../schema/token.ts";
import type { Executor } from "../core/db.ts";
import type { Origin } from "../core/origin.ts";
import { insertSession } from "./store.ts";

const SESSION_SECRET_LENGTH = 43;

/** How somebody proved who they are. */
type SignInMethod = "link" | "password" | "email" | "wallet" | "passkey";

/** Opens a session within `transaction`. @returns the secret for the cookie. */
export async function openSession(
  transaction: Executor,
  userId: number,
  method: SignInMethod,
  origin: Origin,
): Promise<string> {
  const secret = randomBase62(SESSION_SECRET_LENGTH);
  const tokenHash = await hashSecret(secret);
  const { userAgent, address } = origin;
  await insertSession(transaction, { userId, tokenHash, method, userAgent, address });
  return secret;
}
