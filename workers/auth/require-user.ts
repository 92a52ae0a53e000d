// Turns "someone" into "a user", or says to sign in.
import type { Actor, UserActor } from "../core/actor.ts";
import { ForgeError } from "../core/errors.ts";
import { requirePermission } from "./permissions.ts";

/** @throws ForgeError `unauthorized` when nobody is signed in, `forbidden` for a run's token. */
export function requireUser(actor: Actor): UserActor {
  if (actor.kind === "user") return actor;
  if (actor.kind === "run") throw new ForgeError("forbidden", "A run's token can't do this.");
  throw new ForgeError("unauthorized", "Requires authentication");
}

/**
 * The user, where they may see and change their own ways to sign in, sessions and keys.
 * @throws ForgeError `unauthorized` when nobody is signed in, `forbidden` for a credential that doesn't reach so far.
 */
export function requireCredentialsOwner(actor: Actor): UserActor {
  const user = requireUser(actor);
  requirePermission(user, "account.credentials", { accountId: user.userId });
  return user;
}

/**
 * The user, where they may see and change their own SSH keys.
 * @throws ForgeError `unauthorized` when nobody is signed in, `forbidden` for a credential that doesn't reach so far.
 */
export function requireKeysOwner(actor: Actor): UserActor {
  const user = requireUser(actor);
  requirePermission(user, "account.keys", { accountId: user.userId });
  return user;
}
