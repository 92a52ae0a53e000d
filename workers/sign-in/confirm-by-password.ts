// Proving who is signed in by their password. Invariant: a proof makes a new session, as every other way does.
import { replaceSession } from "../auth/sessions.ts";
import type { UserActor } from "../core/actor.ts";
import { provePassword } from "./password.ts";
import type { SignInServices } from "./services.ts";

type Confirmation =
  | { end: "right"; session: string }
  | { end: "refused" }
  | { end: "limited"; retryAfterMs: number };

/** @returns the secret of the session that takes the place of the one that asked, when the password is right. */
export async function confirmByPassword(
  services: SignInServices,
  actor: UserActor,
  password: string,
): Promise<Confirmation> {
  const proof = await provePassword(services, actor, password);
  if (proof.end !== "right") return proof;
  const person = { id: actor.userId, username: actor.username };
  const session = await services.database.transaction((transaction) =>
    replaceSession(transaction, actor, person, "password", services.origin),
  );
  return { end: "right", session };
}
