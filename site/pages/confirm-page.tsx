// Asks who is signed in to prove it again, with whatever ways the account has, and goes back to where they were.
import { PasswordProofForm } from "../components/email-sign-in.tsx";
import { CsrfField } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { PasskeyForm } from "../components/passkey-form.tsx";
import { passkeySignInPath, signOutPath, walletSignInPath } from "../components/paths.ts";
import { settingsPath } from "../components/settings-layout.tsx";
import { FormProblem } from "../components/text-field.tsx";
import { WalletForm } from "../components/wallet-form.tsx";

interface ConfirmPageProps {
  frame: Frame;
  ways: { walletCount: number; passkeyCount: number; hasPassword: boolean; hasEmail: boolean };
  problem: string | undefined;
  returnTo: string;
}

export function ConfirmPage({ frame, ways, problem, returnTo }: ConfirmPageProps) {
  const way = { frame, purpose: "confirm", returnTo } as const;
  const hasAny = ways.walletCount > 0 || ways.passkeyCount > 0 || ways.hasPassword;
  return (
    <Layout frame={frame} title="Confirm who you are" script={frame.assets.signInScript}>
      <h1>Confirm who you are</h1>
      <p>What you are about to do could lock you out or let others in, so it needs a proof from this hour.</p>
      <FormProblem problem={problem} />
      {ways.passkeyCount === 0 ? null : (
        <>
          <h2>With a passkey</h2>
          <PasskeyForm {...way} action={passkeySignInPath} verb="Confirm with a passkey" />
        </>
      )}
      {ways.walletCount === 0 ? null : (
        <>
          <h2>With an Ethereum wallet</h2>
          <WalletForm {...way} action={walletSignInPath} verb="Confirm with" />
        </>
      )}
      {ways.hasPassword ? (
        <>
          <h2>With your password</h2>
          <PasswordProofForm frame={frame} returnTo={returnTo} problem={undefined} />
        </>
      ) : null}
      {hasAny ? null : <WithoutWay hasEmail={ways.hasEmail} />}
      {frame.viewer === null ? null : (
        <form method="post" action={signOutPath}>
          <CsrfField viewer={frame.viewer} />
          <button type="submit">{hasAny ? "Sign out instead" : "Sign out, to sign in again"}</button>
        </form>
      )}
    </Layout>
  );
}

/** What to do where there is nothing to confirm with. */
function WithoutWay({ hasEmail }: { hasEmail: boolean }) {
  if (hasEmail) {
    return (
      <p>
        This account has no passkey, wallet or password to confirm with. Sign out, and sign in again by a link
        to your email address: that is a proof.
      </p>
    );
  }
  return (
    <>
      <p>
        Only one-time links have let you in so far. Set up a way in of your own first, which needs no proof
        while there is none:
      </p>
      <ul>
        <li>
          <a href={settingsPath("passkeys")}>a passkey</a>,
        </li>
        <li>
          <a href={settingsPath("wallets")}>an Ethereum wallet</a>, or
        </li>
        <li>
          <a href={settingsPath("password")}>a password</a>.
        </li>
      </ul>
      <p>
        Or sign out and use a new one-time link: Plue prints one for its first admin whenever it starts.
        Signing in by it is a proof.
      </p>
    </>
  );
}
