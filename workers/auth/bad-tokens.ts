// Tokens that are refused cost their address: after a few, it is told to wait. Invariant: a good token is let in whatever
// others at its address did, since nobody guesses one of 178 bits, and many share an address.
import type { Database } from "../core/db.ts";
import { ForgeError } from "../core/errors.ts";
import { BAD_TOKENS_PER_ADDRESS } from "../core/limits.ts";
import { toAddressKey } from "../rate-limits/limit-requests.ts";
import { recordFailure, takeRequest } from "../rate-limits/service.ts";
import { type Asked, authenticateToken } from "./service.ts";

/**
 * As `authenticateToken`, counting what is refused.
 * @throws ForgeError `too_many_requests` in place of `unauthorized` while the address is to wait; it waits for longer
 * each time it doesn't.
 */
export async function authenticateOrCount(database: Database, token: string, asked: Asked) {
  try {
    return await authenticateToken(database, token, asked);
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code !== "unauthorized" || asked.address === "") throw error;
    const address = toAddressKey(asked.address);
    const taken = await takeRequest(database, BAD_TOKENS_PER_ADDRESS, address);
    if (taken.allowed) throw error;
    const lockMs = await recordFailure(database, `token:${address}`);
    throw new ForgeError("too_many_requests", "Too many bad tokens came from your address. Wait a while.", {
      cause: error,
      retryAfterMs: Math.max(taken.retryAfterMs, lockMs),
    });
  }
}
