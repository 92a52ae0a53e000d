// Changing one's password, or choosing a first one. Posts `current` and `password` to /settings/password.
import { CsrfField } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { SettingsLayout, settingsPath } from "../components/settings-layout.tsx";
import { FormProblem, TextField } from "../components/text-field.tsx";
import { RevokeTokensField } from "./reset-page.tsx";

interface PasswordSettingsPageProps {
  frame: Frame;
  notice: string | null;
  hasPassword: boolean;
  /** API tokens that work. */
  tokenCount: number;
  errors: { current?: string; password?: string; form?: string };
}

export function PasswordSettingsPage(props: PasswordSettingsPageProps) {
  const { frame, notice, hasPassword, tokenCount, errors } = props;
  return (
    <SettingsLayout frame={frame} current="password" notice={notice}>
      <FormProblem problem={errors.form} />
      <p>
        {hasPassword
          ? "Once it is changed, every other browser that is signed in as you no longer is."
          : "You have no password. With one, you can sign in with your username or a verified email address."}
      </p>
      <form method="post" action={settingsPath("password")} class="fields">
        <CsrfField viewer={frame.viewer} />
        <input
          type="hidden"
          name="username"
          autocomplete="username"
          value={frame.viewer === null ? "" : frame.viewer.username}
        />
        {hasPassword ? (
          <TextField
            {...{ name: "current", label: "Present password", type: "password", error: errors.current }}
            autocomplete="current-password"
          />
        ) : null}
        <TextField
          {...{ name: "password", label: "New password", type: "password", error: errors.password }}
          hint="At least 12 characters, and not what everybody tries first."
          autocomplete="new-password"
        />
        <RevokeTokensField count={tokenCount} />
        <button type="submit" class="main">
          {hasPassword ? "Change it" : "Set it"}
        </button>
        {hasPassword ? <a href="/reset">Forgotten?</a> : null}
      </form>
    </SettingsLayout>
  );
}
