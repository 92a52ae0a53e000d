// Asks before a one-time link is used up, so that a link preview's GET doesn't spend it.
import { CsrfField } from "../components/form.tsx";
import { formatExactTime } from "../components/format-time.ts";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";

interface OneTimeLinkPageProps {
  frame: Frame;
  username: string;
  /** Where the form posts to: the link's own path. */
  action: string;
  expiresAt: Date;
}

export function OneTimeLinkPage({ frame, username, action, expiresAt }: OneTimeLinkPageProps) {
  return (
    <Layout frame={frame} title="Sign in">
      <h1>Sign in as {username}?</h1>
      <p>
        This link works once, until{" "}
        <time datetime={expiresAt.toISOString()}>{formatExactTime(expiresAt)}</time>.
      </p>
      <form method="post" action={action}>
        <CsrfField viewer={frame.viewer} />
        <button type="submit" class="main">
          Sign in as {username}
        </button>
      </form>
    </Layout>
  );
}
