// What is said after a mail was asked for. Invariant: it is the same whether the address or name is known or not.
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";

const WORDS = {
  register: ["Check your mail", "We have sent a link that makes your account, good for 24 hours, to"],
  "sign-in": [
    "Check your mail",
    "If there is an account with a verified address, a link that signs in, good for 15 minutes, is on its way to",
  ],
  reset: [
    "Check your mail",
    "If there is an account with a verified address, a link that sets a new password, good for one hour, is on its way to",
  ],
} as const;

export function MailSentPage({ frame, what, to }: { frame: Frame; what: keyof typeof WORDS; to: string }) {
  const [title, sentence] = WORDS[what];
  return (
    <Layout frame={frame} title={title}>
      <h1>{title}</h1>
      <p>
        {sentence} <bdi class="name">{to}</bdi>.
      </p>
      <p>Nothing there after a few minutes? Look among what your mail program holds for unwanted.</p>
    </Layout>
  );
}
