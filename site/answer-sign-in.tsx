// The page that asks for a way in, again: to who isn't signed in, or to who is to confirm it.
import type { Context } from "hono";
import { requireCredentialsOwner } from "../workers/auth/require-user.ts";
import type { AppEnv } from "../workers/core/app-env.ts";
import type { SignInPurpose } from "../workers/sign-in/browser-services.ts";
import { readWaysIn } from "../workers/sign-in/ways-in.ts";
import { makeFrame } from "./make-frame.ts";
import { ConfirmPage } from "./pages/confirm-page.tsx";
import { SignInPage } from "./pages/sign-in-page.tsx";
import { readOffers } from "./read-offers.ts";

interface Said {
  problem?: string | undefined;
  /** One that `readReturnPath` gave. */
  returnTo: string;
  status?: 200 | 410 | 422;
}

export async function answerSignIn(
  context: Context<AppEnv>,
  purpose: SignInPurpose,
  { problem, returnTo, status = 200 }: Said,
): Promise<Response> {
  context.header("Cache-Control", "no-store");
  const frame = makeFrame(context);
  if (purpose === "sign-in") {
    const offers = await readOffers(context);
    return context.html(<SignInPage {...{ frame, problem, returnTo, offers }} />, status);
  }
  const actor = requireCredentialsOwner(context.get("actor"));
  const ways = await readWaysIn(context.get("database").query, actor.userId);
  return context.html(<ConfirmPage {...{ frame, ways, problem, returnTo }} />, status);
}
