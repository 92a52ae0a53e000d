// Before something dangerous: asks who it is again, unless that was proved within the hour.
import type { Context } from "hono";
import { hasRecentProof } from "../workers/auth/recent-proof.ts";
import { requireUser } from "../workers/auth/require-user.ts";
import type { AppEnv } from "../workers/core/app-env.ts";
import { hasNoWayIn } from "../workers/sign-in/ways-in.ts";
import { confirmPath } from "./components/paths.ts";
import { keepForm } from "./kept-form.ts";

/**
 * Whether who is signed in may add a way in: by a proof from this hour, or because there is none yet to prove it by.
 * @throws ForgeError `unauthorized` when nobody is signed in.
 */
export async function mayAddWayIn(context: Context<AppEnv>): Promise<boolean> {
  const actor = requireUser(context.get("actor"));
  if (hasRecentProof(actor)) return true;
  const isSession = actor.credential.kind === "session";
  return isSession && (await hasNoWayIn(context.get("database").query, actor.userId));
}

/** As `confirmFirst`, for what adds a way in. */
export async function confirmUnlessFirst(
  context: Context<AppEnv>,
  returnPath: string,
): Promise<Response | undefined> {
  return (await mayAddWayIn(context)) ? undefined : confirmFirst(context, returnPath);
}

/**
 * The redirect to `/login/confirm`, or undefined when the proof is recent enough to go on.
 * @param returnPath the page with the form, to which the person comes back and finds it filled in
 * @throws ForgeError `unauthorized` when nobody is signed in.
 * @example
 * const first = await confirmFirst(context, settingsPath("wallets"));
 * if (first) return first;
 */
export async function confirmFirst(
  context: Context<AppEnv>,
  returnPath: string,
): Promise<Response | undefined> {
  const actor = requireUser(context.get("actor"));
  if (hasRecentProof(actor)) return undefined;
  const formPath = await keepForm(context, actor, returnPath);
  return context.redirect(`${confirmPath}?return_to=${encodeURIComponent(formPath)}`, 303);
}
