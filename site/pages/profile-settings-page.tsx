// What a person says of themselves, and what they are called. Posts `name`, `bio`, `location`, `website` to
// /settings/profile, and `username` to /settings/username.
import { CsrfField, describedBy, Field } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { SettingsLayout } from "../components/settings-layout.tsx";
import { TextField } from "../components/text-field.tsx";

interface ProfileSettingsPageProps {
  frame: Frame;
  notice: string | null;
  values: { displayName: string; bio: string; location: string; website: string };
  errors: { displayName?: string; bio?: string; location?: string; website?: string };
  username: { value: string; problem: string | undefined };
}

export function ProfileSettingsPage(props: ProfileSettingsPageProps) {
  const { frame, notice, values, errors, username } = props;
  const isOptional = { required: false };
  return (
    <SettingsLayout frame={frame} current="profile" notice={notice}>
      <p>All of this is public, and none of it has to be there.</p>
      <form method="post" action="/settings/profile" class="fields">
        <CsrfField viewer={frame.viewer} />
        <TextField
          {...{ name: "name", label: "Name", value: values.displayName, error: errors.displayName }}
          {...{ ...isOptional, autocomplete: "name", maxlength: 100 }}
        />
        <Field id="bio" label="About you" error={errors.bio}>
          <textarea
            id="bio"
            class="entry"
            name="bio"
            rows={4}
            maxlength={300}
            aria-invalid={errors.bio === undefined ? undefined : "true"}
            aria-describedby={describedBy("bio", { error: errors.bio })}
          >
            {values.bio}
          </textarea>
        </Field>
        <TextField
          {...{ name: "location", label: "Location", value: values.location, error: errors.location }}
          {...{ ...isOptional, maxlength: 100 }}
        />
        <TextField
          {...{
            name: "website",
            label: "Website",
            type: "url",
            value: values.website,
            error: errors.website,
          }}
          {...{ ...isOptional, autocomplete: "url", maxlength: 300 }}
        />
        <button type="submit" class="main">
          Save
        </button>
      </form>
      <h2>Username</h2>
      <p>
        Your repositories move with it, and git finds them under their former addresses too. The former name
        stays yours while they lead from it.
      </p>
      <form method="post" action="/settings/username" class="fields">
        <CsrfField viewer={frame.viewer} />
        <TextField
          {...{ name: "username", label: "Username", value: username.value, error: username.problem }}
          {...{ maxlength: 39, autocomplete: "username" }}
        />
        <button type="submit">Change it</button>
      </form>
    </SettingsLayout>
  );
}
