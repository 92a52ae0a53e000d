// Hands a mail to whoever delivers it: the provider that is configured, or else the gateway.
import { type Mail, type MailEnd, mailEndSchema } from "../../schema/wire/mail.ts";
import type { Env } from "../core/env.ts";
import { callGateway } from "../core/gateway-client.ts";
import { MAIL_DELIVERY_MS } from "../core/limits.ts";
import { sendByProvider } from "./http-provider.ts";

/** @throws Error when it may be tried again. */
export async function deliverMail(env: Env, mail: Mail): Promise<MailEnd> {
  const signal = AbortSignal.timeout(MAIL_DELIVERY_MS);
  if (env.mailProvider !== null) return sendByProvider(env.mailProvider, mail, signal);
  const response = await callGateway(env, "POST", "/mail", { body: mail, signal });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the gateway answered ${response.status}`);
  }
  return mailEndSchema.parse(await response.json());
}
