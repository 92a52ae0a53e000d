// Turns "someone" into "a user", or says to sign in.
import type { Actor, UserActor } from "../core/actor.ts";
import { ForgeError } from "../core/errors.ts";

/** @throws ForgeError `unauthorized` when nobody is signed in, `forbidden` for a run's token. */
export function requireUser(actor: Actor): UserActor {
  if (actor.kind === "user") return actor;
  if (actor.kind === "run") throw new ForgeError("forbidden", "A run's token can't do this.");
  throw new ForgeError("unauthorized", "Requires authentication");
}
