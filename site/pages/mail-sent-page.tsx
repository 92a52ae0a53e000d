// What is said after a mail was asked for. Invariant: it is the same whether the address or name is known or not.
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { signInPath } from "../components/paths.ts";

const SENTENCES = {
  register: "A link that makes your account, good for 24 hours, is on its way to the address you gave.",
  "sign-in":
    "If there is an account with a verified address, a link that signs in, good for 15 minutes, is on its way to its primary address.",
  reset:
    "If there is an account with a verified address, a link that sets a new password, good for one hour, is on its way to its primary address.",
  "second-proof":
    "Too many wrong passwords were tried for this account, so from a browser it hasn't been used in before a password isn't enough. If yours was right, a link that signs in, good for 15 minutes, is on its way to the account's primary address. A passkey or a wallet works as well.",
} as const;

type SentMail = keyof typeof SENTENCES;

/** What `/login/sent?for=…` asks for; undefined for anything else. */
export const readSentMail = (text: string | undefined): SentMail | undefined =>
  (["register", "sign-in", "reset", "second-proof"] as const).find((what) => what === text);

export const sentMailPath = (what: SentMail): string => `${signInPath}/sent?for=${what}`;

export function MailSentPage({ frame, what }: { frame: Frame; what: SentMail }) {
  return (
    <Layout frame={frame} title="Check your mail">
      <h1>Check your mail</h1>
      <p>{SENTENCES[what]}</p>
      <p>Nothing there after a few minutes? Look in your spam folder.</p>
      <p>
        <a href={signInPath}>Other ways to sign in</a>
      </p>
    </Layout>
  );
}
