// What signing in by wallet or passkey works with besides the rest: the browser that challenges are bound to.
import type { ChallengeHolder } from "./challenge-service.ts";
import type { SignInServices } from "./services.ts";

export interface BrowserServices extends SignInServices {
  /** The secret of the cookie that binds challenges to this browser; empty when it brought none. */
  browserSecret: string;
}

/** To sign in: as anybody. To confirm: as who is signed in, and nobody else. */
export type SignInPurpose = "sign-in" | "confirm";

/** @param purpose what the challenge is for; all but signing in are for the one who is signed in. */
export function holderOf(services: BrowserServices, purpose: SignInPurpose | "add"): ChallengeHolder {
  const { actor, browserSecret } = services;
  if (purpose === "sign-in") return { browserSecret, userId: null };
  if (actor.kind !== "user") throw new Error("nobody is signed in to confirm or add to");
  return { browserSecret, userId: actor.userId };
}
