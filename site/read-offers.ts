// What the pages for who isn't signed in may offer. Invariant: what can't work isn't offered.
import type { Context } from "hono";
import type { AppEnv } from "../workers/core/app-env.ts";
import { judgeRegistration } from "../workers/site-settings/may-register.ts";
import { readSettings } from "../workers/site-settings/service.ts";
import type { Offers } from "./components/views.ts";

export async function readOffers(context: Context<AppEnv>): Promise<Offers> {
  const settings = await readSettings(context.get("database").query);
  const bare = judgeRegistration(settings, { invited: false });
  return {
    registrationProblem: bare.may || bare.why === "domain" ? undefined : bare.problem,
    walletMakesAccount: bare.may,
  };
}
