// Before something dangerous: asks who it is again, unless that was proved within the hour.
import type { Context } from "hono";
import { hasRecentProof } from "../workers/auth/recent-proof.ts";
import { requireUser } from "../workers/auth/require-user.ts";
import type { AppEnv } from "../workers/core/app-env.ts";
import { confirmPath } from "./components/paths.ts";

/**
 * The redirect to `/login/confirm`, or undefined when the proof is recent enough to go on.
 * @param returnPath the page with the form, to which the person comes back
 * @throws ForgeError `unauthorized` when nobody is signed in.
 * @example
 * const first = confirmFirst(context, settingsPath("wallets"));
 * if (first) return first;
 */
export function confirmFirst(context: Context<AppEnv>, returnPath: string): Response | undefined {
  const actor = requireUser(context.get("actor"));
  if (hasRecentProof(actor)) return undefined;
  return context.redirect(`${confirmPath}?return_to=${encodeURIComponent(returnPath)}`, 303);
}
