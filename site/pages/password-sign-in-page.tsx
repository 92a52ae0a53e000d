// Signing in by password or by a mailed link, and what was wrong with the last try.
import { EmailSignInForms } from "../components/email-sign-in.tsx";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { FormProblem } from "../components/text-field.tsx";
import type { Offers } from "../components/views.ts";

interface PasswordSignInPageProps {
  frame: Frame;
  problem: string | undefined;
  /** What was done before. */
  notice?: string | null;
  login: string;
  returnTo: string;
  offers: Offers;
}

export function PasswordSignInPage(props: PasswordSignInPageProps) {
  const { frame, problem, notice = null, login, returnTo, offers } = props;
  return (
    <Layout frame={frame} title="Sign in">
      <h1>Sign in</h1>
      {notice === null ? null : <p role="status">{notice}</p>}
      <FormProblem problem={problem} />
      <EmailSignInForms frame={frame} login={login} returnTo={returnTo} offers={offers} />
      <p>
        <a href="/login">Other ways to sign in</a>
      </p>
    </Layout>
  );
}
