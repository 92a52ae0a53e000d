// A wallet that nobody has here has signed: asks what its account is to be called.
// Posts `ticket`, `username` and `return_to` to /register/wallet.
import { CsrfField } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { registerByWalletPath } from "../components/paths.ts";
import { TextField } from "../components/text-field.tsx";

interface WalletRegistrationPageProps {
  frame: Frame;
  address: string;
  ticket: string;
  username: string;
  problem: string | undefined;
  returnTo: string;
}

export function WalletRegistrationPage(props: WalletRegistrationPageProps) {
  const { frame, address, ticket, username, problem, returnTo } = props;
  return (
    <Layout frame={frame} title="New account">
      <h1>New account</h1>
      <p>
        Nobody here has the wallet <code>{address}</code>. Choose a name, and it becomes yours. To add it to
        an account that you have, sign in to that one first.
      </p>
      <form method="post" action={registerByWalletPath} class="fields">
        <CsrfField viewer={frame.viewer} />
        <input type="hidden" name="ticket" value={ticket} />
        <input type="hidden" name="return_to" value={returnTo} />
        <TextField
          name="username"
          label="Username"
          value={username}
          hint="Letters, digits and single hyphens, at most 39. Everybody sees it."
          maxlength={39}
          autocomplete="username"
          error={problem}
        />
        <button type="submit" class="main">
          Make the account
        </button>
      </form>
    </Layout>
  );
}
