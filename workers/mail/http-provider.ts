// A mail provider's HTTP API, in the shape of https://resend.com/docs/api-reference/emails/send-email.
// Invariant: the same mail sent twice carries the same key, by which the provider sends it once.
import type { Mail, MailEnd } from "../../schema/wire/mail.ts";
import type { MailProvider } from "../core/env.ts";

// What says that this very mail will never do: it isn't understood, or is too large. All else may pass.
const REFUSALS = new Set([400, 413, 422]);

/** @throws Error when it may be tried again. */
export async function sendByProvider(
  provider: MailProvider,
  mail: Mail,
  signal: AbortSignal,
): Promise<MailEnd> {
  const response = await fetch(provider.url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${provider.key}`,
      "content-type": "application/json",
      "idempotency-key": `plue-mail-${mail.id}`,
    },
    body: JSON.stringify({ from: provider.from, to: [mail.to], subject: mail.subject, text: mail.text }),
    redirect: "manual",
    signal,
  });
  await response.body?.cancel();
  if (response.ok) return { end: "sent" };
  const problem = `the mail provider answered ${response.status}`;
  if (REFUSALS.has(response.status)) return { end: "refused", problem };
  throw new Error(problem);
}
