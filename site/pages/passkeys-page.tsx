// One's passkeys: the ones that sign in, and the form that adds one.
import { CredentialItem } from "../components/credential-item.tsx";
import type { Frame } from "../components/frame.ts";
import { PasskeyForm } from "../components/passkey-form.tsx";
import { SettingsLayout, settingsPath } from "../components/settings-layout.tsx";
import { FormProblem, TextField } from "../components/text-field.tsx";

interface PasskeysPageProps {
  frame: Frame;
  passkeys: { id: number; name: string; isBackedUp: boolean; createdAt: Date; lastUsedAt: Date | null }[];
  notice: string | null;
  problem: string | undefined;
}

export function PasskeysPage({ frame, passkeys, notice, problem }: PasskeysPageProps) {
  const path = settingsPath("passkeys");
  return (
    <SettingsLayout frame={frame} current="passkeys" notice={notice} script={frame.assets.passkeyScript}>
      <FormProblem problem={problem} />
      <p>A passkey is kept by your device or password manager, and can't be phished or guessed.</p>
      {passkeys.length === 0 ? (
        <p class="facts">You have none yet.</p>
      ) : (
        <ul class="list">
          {passkeys.map(({ isBackedUp, ...passkey }) => (
            <CredentialItem
              {...passkey}
              frame={frame}
              path={`${path}/${passkey.id}`}
              title={passkey.name}
              nameRequired={true}
              facts={[isBackedUp ? "backed up" : "on one device only"]}
            />
          ))}
        </ul>
      )}
      <h2>Add a passkey</h2>
      <PasskeyForm frame={frame} purpose="add" action={path} verb="Add a passkey" returnTo={path}>
        <TextField
          name="name"
          label="What you call it"
          hint="Such as the device it is on."
          maxlength={60}
          required={false}
          error={undefined}
        />
      </PasskeyForm>
    </SettingsLayout>
  );
}
