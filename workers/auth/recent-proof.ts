// What is dangerous asks for a recent proof of who it is: a cookie alone, however it was come by, isn't enough.
import type { Actor } from "../core/actor.ts";
import { RECENT_PROOF_MS } from "../core/limits.ts";

/**
 * Whether the one in front of the browser proved who they are within the last hour. A token proves nothing about that:
 * where it may be used, its scopes are what counts.
 */
export function hasRecentProof(actor: Actor, now = Date.now()): boolean {
  if (actor.kind !== "user" || actor.credential.kind !== "session") return false;
  return now - actor.credential.provedAt.getTime() <= RECENT_PROOF_MS;
}
