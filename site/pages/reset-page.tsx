// Asking for a reset link (posts `login` to /reset), and setting a new password with one (posts `password` to the link).
import { CsrfField } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { FormProblem, TextField } from "../components/text-field.tsx";

interface ForgottenPageProps {
  frame: Frame;
  login: string;
  problem: string | undefined;
}

export function ForgottenPage({ frame, login, problem }: ForgottenPageProps) {
  return (
    <Layout frame={frame} title="Forgotten password">
      <h1>Forgotten password</h1>
      <FormProblem problem={problem} />
      <p>We mail a link, with which you set a new one, to the primary address of your account.</p>
      <form method="post" action="/reset" class="fields">
        <CsrfField viewer={frame.viewer} />
        <TextField
          name="login"
          label="Username or email address"
          value={login}
          autocomplete="username"
          error={undefined}
        />
        <button type="submit" class="main">
          Mail me a link
        </button>
      </form>
    </Layout>
  );
}

/** Offers to revoke the tokens that a new password leaves as they are. Posts `revoke_tokens`. */
export function RevokeTokensField({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <div class="field tight">
      <div class="choice">
        <input
          type="checkbox"
          id="revoke-tokens"
          name="revoke_tokens"
          value="yes"
          aria-describedby="revoke-tokens-hint"
        />
        <label for="revoke-tokens">
          Also revoke {count === 1 ? "the API token" : `all ${count} API tokens`} of this account
        </label>
      </div>
      <p id="revoke-tokens-hint" class="hint">
        A new password doesn't stop API tokens. Revoke them if somebody else may have used your account.
      </p>
    </div>
  );
}

interface ResetPageProps {
  frame: Frame;
  username: string;
  /** The link's own path. */
  action: string;
  /** API tokens of the account that work. */
  tokenCount: number;
  problem: string | undefined;
}

export function ResetPage({ frame, username, action, problem, tokenCount }: ResetPageProps) {
  return (
    <Layout frame={frame} title="Set a new password">
      <h1>Set a new password for {username}</h1>
      <p>Everybody who is signed in to this account, on any device, will have to sign in again.</p>
      <form method="post" action={action} class="fields">
        <CsrfField viewer={frame.viewer} />
        <input type="hidden" name="username" autocomplete="username" value={username} />
        <TextField
          name="password"
          label="New password"
          type="password"
          hint="At least 12 characters, and not what everybody tries first."
          autocomplete="new-password"
          error={problem}
        />
        <RevokeTokensField count={tokenCount} />
        <button type="submit" class="main">
          Set it
        </button>
      </form>
    </Layout>
  );
}
