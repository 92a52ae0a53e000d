// Asks before a mailed link is taken, so that a preview's GET uses nothing up; or says why it can't be taken.
import { CsrfField } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";

interface MailedLinkPageProps {
  frame: Frame;
  title: string;
  sentence: string;
  /** The form's address and button; null where nothing is left to do. */
  form: { action: string; button: string } | null;
  /** Where to go instead. */
  next?: { href: string; label: string };
  isProblem?: boolean;
}

export function MailedLinkPage({ frame, title, sentence, form, next, isProblem }: MailedLinkPageProps) {
  return (
    <Layout frame={frame} title={title}>
      <h1>{title}</h1>
      {isProblem === true ? (
        <p class="wrong" role="alert">
          ✗ {sentence}
        </p>
      ) : (
        <p>{sentence}</p>
      )}
      {form === null ? null : (
        <form method="post" action={form.action}>
          <CsrfField viewer={frame.viewer} />
          <button type="submit" class="main">
            {form.button}
          </button>
        </form>
      )}
      {next === undefined ? null : (
        <p>
          <a href={next.href}>{next.label}</a>
        </p>
      )}
    </Layout>
  );
}
