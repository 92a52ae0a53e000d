// Asks before an activation link is taken, so that a preview's GET makes no account. Posts `username` to the link.
import { CsrfField } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { TextField } from "../components/text-field.tsx";

interface ActivatePageProps {
  frame: Frame;
  /** The link's own path. */
  action: string;
  username: string;
  address: string;
  /** What is wrong with the name by now. */
  problem: string | undefined;
}

export function ActivatePage({ frame, action, username, address, problem }: ActivatePageProps) {
  return (
    <Layout frame={frame} title="Make your account">
      <h1>Make your account?</h1>
      <p>
        It will have the address <bdi class="name">{address}</bdi> and the password you chose.
      </p>
      <form method="post" action={action} class="fields">
        <CsrfField viewer={frame.viewer} />
        <TextField
          name="username"
          label="Username"
          value={username}
          maxlength={39}
          autocomplete="username"
          error={problem}
        />
        <button type="submit" class="main">
          Make it and sign in
        </button>
      </form>
    </Layout>
  );
}
