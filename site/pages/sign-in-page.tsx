// How one signs in: by passkey, wallet, password or mail. Also what is said of a try that didn't work.
import { EmailSignInForms } from "../components/email-sign-in.tsx";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { PasskeyForm } from "../components/passkey-form.tsx";
import { passkeySignInPath, walletSignInPath } from "../components/paths.ts";
import { FormProblem } from "../components/text-field.tsx";
import type { Offers } from "../components/views.ts";
import { WalletForm } from "../components/wallet-form.tsx";

interface SignInPageProps {
  frame: Frame;
  /** What was wrong, in a sentence; undefined when nothing was. */
  problem: string | undefined;
  /** Where to go once signed in: a path of this site. */
  returnTo: string;
  /** Ways that are there for who isn't known yet. */
  offers: Offers;
}

export function SignInPage({ frame, problem, returnTo, offers }: SignInPageProps) {
  const way = { frame, purpose: "sign-in", returnTo } as const;
  return (
    <Layout frame={frame} title="Sign in" script={frame.assets.signInScript}>
      <h1>Sign in</h1>
      <FormProblem problem={problem} />
      <h2>With a passkey</h2>
      <PasskeyForm {...way} action={passkeySignInPath} verb="Sign in with a passkey" />
      <h2>With an Ethereum wallet</h2>
      {offers.walletMakesAccount ? (
        <p class="facts">A wallet that nobody has here yet makes a new account.</p>
      ) : null}
      <WalletForm {...way} action={walletSignInPath} verb="Sign in with" />
      <EmailSignInForms frame={frame} returnTo={returnTo} offers={offers} />
      <details>
        <summary>This Plue is new, and I am its admin</summary>
        <p>
          When Plue starts, it prints a link that signs <code>admin</code> in, once:
        </p>
        <pre class="text">{`$ npm start
…
ready ${frame.publicUrl}
sign in: ${frame.publicUrl}/login/once/…`}</pre>
        <p>
          Open that link. If it was used already, stop Plue with Ctrl-C and run <code>npm start</code> again:
          each start prints a new one, and nothing is lost.
        </p>
      </details>
    </Layout>
  );
}
