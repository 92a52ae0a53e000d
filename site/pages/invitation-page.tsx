// A mailed invitation: what it offers, by whom, and how the one who holds the link can take it. Posts `act` to the link, or
// `username` and `password` to the link and `/register`.
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { Moment } from "../components/moment.tsx";
import { signInPath } from "../components/paths.ts";
import { PostForm } from "../components/role-forms.tsx";
import { settingsPath } from "../components/settings-layout.tsx";
import { FormProblem, TextField } from "../components/text-field.tsx";

interface InvitationPageProps {
  frame: Frame;
  /** The link's own. */
  path: string;
  email: string;
  /** Such as `makers` or `makers/tools`. */
  to: string;
  kind: "organisation" | "repository";
  /** Null when they have no account any more. */
  inviter: string | null;
  role: string;
  expiresAt: Date;
  /** Whether the viewer has the address. */
  isTheirs: boolean;
  /** Whether an account has it: asked only for who holds the link and isn't signed in. */
  isKnown: boolean;
  /** Why nobody can register with it; undefined when they can. */
  closed: string | undefined;
  username: string;
  errors: { username?: string; password?: string; form?: string };
}

export function InvitationPage(props: InvitationPageProps) {
  const { frame, email, to, kind, inviter, role, expiresAt } = props;
  return (
    <Layout frame={frame} title={`Invitation to ${to}`}>
      <h1>Invitation to {to}</h1>
      <p>
        {inviter === null ? "You are invited" : `${inviter} invites you`} to the {kind}{" "}
        <bdi class="name">{to}</bdi> as {role}. The invitation is for <bdi class="name">{email}</bdi> and ends{" "}
        <Moment at={expiresAt} now={frame.now} />.
      </p>
      <FormProblem problem={props.errors.form} />
      <Ways {...props} />
    </Layout>
  );
}

function Ways(props: InvitationPageProps) {
  const { frame, path, email, isTheirs, isKnown, closed } = props;
  if (isTheirs) return <AnswerForms {...props} />;
  if (frame.viewer !== null) {
    return (
      <p class="wrong" role="alert">
        ✗ You are signed in as {frame.viewer.username}, who hasn't shown to have this address.{" "}
        <a href={settingsPath("emails")}>Add {email} to your account</a> and confirm it, or sign out and open
        the link again.
      </p>
    );
  }
  const signIn = `${signInPath}?return_to=${encodeURIComponent(path)}`;
  if (isKnown) {
    return (
      <p>
        This address has an account: <a href={signIn}>sign in to accept</a>.
      </p>
    );
  }
  return (
    <>
      {closed === undefined ? <RegisterForm {...props} /> : <p>{closed}</p>}
      <p>
        If you have an account with another address, <a href={signIn}>sign in</a> and add this one to it.
      </p>
    </>
  );
}

function AnswerForms({ frame, path }: InvitationPageProps) {
  const { viewer } = frame;
  return (
    <div class="row">
      <PostForm {...{ viewer, action: path, hidden: { act: "accept" } }}>
        <button type="submit" class="main">
          Accept
        </button>
      </PostForm>
      <PostForm {...{ viewer, action: path, hidden: { act: "decline" } }}>
        <button type="submit">Decline</button>
      </PostForm>
    </div>
  );
}

function RegisterForm({ frame, path, username, errors }: InvitationPageProps) {
  return (
    <>
      <h2>Make an account and accept</h2>
      <PostForm {...{ viewer: frame.viewer, action: `${path}/register`, class: "fields" }}>
        <TextField
          {...{ name: "username", label: "Username", value: username, error: errors.username }}
          {...{ maxlength: 39, autocomplete: "username" }}
        />
        <TextField
          {...{ name: "password", label: "Password", type: "password", error: errors.password }}
          {...{
            maxlength: 1000,
            autocomplete: "new-password",
            hint: "At least 12 characters, and not what everybody tries first.",
          }}
        />
        <button type="submit" class="main">
          Make it and accept
        </button>
      </PostForm>
    </>
  );
}
