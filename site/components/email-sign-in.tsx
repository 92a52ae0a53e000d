// The forms that sign in by password and by a mailed link, wherever they are shown.
// They post `login`, `password` and `return_to` to /login/password, and `login` to /login/email.
import { CsrfField } from "./form.tsx";
import type { Frame } from "./frame.ts";
import { TextField } from "./text-field.tsx";
import type { Offers } from "./views.ts";

interface EmailSignInProps {
  frame: Frame;
  /** Where to go once signed in: a path of this site. */
  returnTo?: string;
  /** What was typed before. */
  login?: string;
  offers: Pick<Offers, "registrationProblem" | "canMail">;
}

export function EmailSignInForms({ frame, returnTo = "/", login = "", offers }: EmailSignInProps) {
  return (
    <>
      <h2>With a password</h2>
      <form method="post" action="/login/password" class="fields">
        <CsrfField viewer={frame.viewer} />
        <input type="hidden" name="return_to" value={returnTo} />
        <TextField
          name="login"
          label="Username or email address"
          value={login}
          autocomplete="username"
          error={undefined}
        />
        <TextField
          name="password"
          label="Password"
          type="password"
          autocomplete="current-password"
          error={undefined}
        />
        <div class="row">
          <button type="submit" class="main">
            Sign in
          </button>
          {offers.canMail ? <a href="/reset">Forgotten?</a> : null}
        </div>
      </form>
      {offers.canMail ? <MailedLinkForm frame={frame} login={login} /> : null}
      {offers.registrationProblem === undefined ? (
        <p>
          No account? <a href="/register">Register</a>.
        </p>
      ) : (
        <p class="facts">{offers.registrationProblem}</p>
      )}
    </>
  );
}

function MailedLinkForm({ frame, login }: { frame: Frame; login: string }) {
  return (
    <>
      <h2>With a link by mail</h2>
      <form method="post" action="/login/email" class="fields">
        <CsrfField viewer={frame.viewer} />
        <TextField
          name="login"
          id="link-login"
          label="Username or email address"
          value={login}
          autocomplete="username"
          error={undefined}
        />
        <button type="submit">Mail me a link</button>
      </form>
    </>
  );
}

/** Asks for the password once more, of who is signed in and has one. Posts `password` and `return_to`. */
export function PasswordProofForm({
  frame,
  returnTo,
  problem,
}: {
  frame: Frame;
  returnTo: string;
  problem: string | undefined;
}) {
  return (
    <form method="post" action="/login/confirm/password" class="fields">
      <CsrfField viewer={frame.viewer} />
      <input type="hidden" name="return_to" value={returnTo} />
      <TextField
        name="password"
        label="Password"
        type="password"
        autocomplete="current-password"
        error={problem}
      />
      <button type="submit" class="main">
        Confirm
      </button>
    </form>
  );
}
