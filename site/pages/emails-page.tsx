// A person's email addresses. Posts `email` to /settings/emails and /settings/emails/change, and nothing but `_csrf`
// to /settings/emails/:id/{resend,primary,show,hide,remove}.
import { CsrfField } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { SettingsLayout, settingsPath } from "../components/settings-layout.tsx";
import { FormProblem, TextField } from "../components/text-field.tsx";

interface EmailView {
  id: number;
  address: string;
  isPrimary: boolean;
  isPublic: boolean;
  verifiedAt: Date | null;
}

export interface EmailsPageProps {
  frame: Frame;
  notice: string | null;
  emails: EmailView[];
  /** What was typed before, and what was wrong with it; `form` for a button of the list. */
  values: { added: string; changed: string };
  errors: { added?: string; changed?: string; form?: string };
}

export function EmailsPage({ frame, notice, emails, values, errors }: EmailsPageProps) {
  const primary = emails.find((email) => email.isPrimary);
  return (
    <SettingsLayout frame={frame} current="emails" notice={notice}>
      <FormProblem problem={errors.form} />
      {emails.length === 0 ? <p>There is none yet. Without one, a lost password or wallet is lost.</p> : null}
      <ul class="list">
        {emails.map((email) => (
          <EmailItem frame={frame} email={email} />
        ))}
      </ul>
      <h2>Add an address</h2>
      <form method="post" action={settingsPath("emails")} class="fields">
        <CsrfField viewer={frame.viewer} />
        <TextField
          {...{ name: "email", id: "added", label: "Email address", type: "email", value: values.added }}
          {...{ maxlength: 254, autocomplete: "email", error: errors.added }}
        />
        <button type="submit" class="main">
          Add it
        </button>
      </form>
      {primary === undefined ? null : (
        <>
          <h2>Change the primary address</h2>
          <p>
            Both addresses are asked. Once both have agreed, the new one takes the place of{" "}
            <bdi>{primary.address}</bdi>.
          </p>
          <form method="post" action={`${settingsPath("emails")}/change`} class="fields">
            <CsrfField viewer={frame.viewer} />
            <TextField
              {...{
                name: "email",
                id: "changed",
                label: "New address",
                type: "email",
                value: values.changed,
              }}
              {...{ maxlength: 254, autocomplete: "email", error: errors.changed }}
            />
            <button type="submit">Ask both</button>
          </form>
        </>
      )}
    </SettingsLayout>
  );
}

function EmailItem({ frame, email }: { frame: Frame; email: EmailView }) {
  const { address, isPrimary, isPublic } = email;
  const isVerified = email.verifiedAt !== null;
  const button = (act: string, label: string) => (
    <form method="post" action={`${settingsPath("emails")}/${email.id}/${act}`}>
      <CsrfField viewer={frame.viewer} />
      <button type="submit" aria-label={`${label}: ${address}`}>
        {label}
      </button>
    </form>
  );
  return (
    <li class="item row">
      <bdi class="name">{address}</bdi>
      {isPrimary ? <span class="tag">primary</span> : null}
      {isVerified ? null : <span class="tag">not verified</span>}
      {isPublic ? <span class="tag">public</span> : null}
      {isVerified ? null : button("resend", "Mail the link again")}
      {isVerified && !isPrimary ? button("primary", "Make primary") : null}
      {isVerified ? button(isPublic ? "hide" : "show", isPublic ? "Hide" : "Show to everybody") : null}
      {isPrimary ? null : button("remove", "Remove")}
    </li>
  );
}
