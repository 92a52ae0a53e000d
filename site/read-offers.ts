// What the pages for who isn't signed in may offer. Invariant: what can't work isn't offered.
import type { Context } from "hono";
import type { AppEnv } from "../workers/core/app-env.ts";
import { canMail } from "../workers/mail/can-mail.ts";
import { judgeRegistration } from "../workers/site-settings/may-register.ts";
import { readSettings } from "../workers/site-settings/service.ts";
import type { Offers } from "./components/views.ts";

const NO_MAIL = "No account is made by mail here, since no mail can be sent.";

export async function readOffers(context: Context<AppEnv>): Promise<Offers> {
  const settings = await readSettings(context.get("database").query);
  const mails = await canMail(context.get("env"));
  const bare = judgeRegistration(settings, { invited: false });
  return {
    registrationProblem: !bare.may && bare.why !== "domain" ? bare.problem : mails ? undefined : NO_MAIL,
    canMail: mails,
    walletMakesAccount: bare.may,
  };
}
