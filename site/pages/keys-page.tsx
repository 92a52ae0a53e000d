// One's own SSH keys: listed, added, removed.
import { CsrfField, Field } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { Moment } from "../components/moment.tsx";
import { SettingsLayout, settingsPath } from "../components/settings-layout.tsx";
import { FormProblem, TextField } from "../components/text-field.tsx";

interface KeysPageProps {
  frame: Frame;
  keys: readonly { id: number; title: string; fingerprint: string; createdAt: Date }[];
  notice: string | null;
  problem: string | undefined;
  values: { title: string; key: string };
}

/** Posts `title`, `key` and `_csrf` to `/settings/keys`, and `_csrf` to `/settings/keys/:id/remove`. */
export function KeysPage({ frame, keys, notice, problem, values }: KeysPageProps) {
  return (
    <SettingsLayout frame={frame} current="keys" notice={notice}>
      <p>Your public keys are kept here for git over SSH, which isn't open yet. Anybody may read them.</p>
      {keys.length === 0 ? <p class="facts">You have no key.</p> : null}
      <ul class="list">
        {keys.map((key) => (
          <li class="item tight">
            <div class="row">
              <span class="name">{key.title}</span>
              <Moment at={key.createdAt} now={frame.now} />
              <form method="post" action={`${settingsPath("keys")}/${key.id}/remove`} class="end">
                <CsrfField viewer={frame.viewer} />
                <button type="submit" aria-label={`Remove ${key.title}`}>
                  Remove
                </button>
              </form>
            </div>
            <code>{key.fingerprint}</code>
          </li>
        ))}
      </ul>
      <h2>New key</h2>
      <form method="post" action={settingsPath("keys")} class="fields">
        <CsrfField viewer={frame.viewer} />
        <FormProblem problem={problem} />
        <TextField
          name="title"
          label="Title (optional)"
          value={values.title}
          maxlength={100}
          required={false}
          error={undefined}
        />
        <Field id="key" label="Public key" hint="The line in the file that ends in .pub." error={undefined}>
          <textarea id="key" class="entry" name="key" rows={4} required spellcheck={false}>
            {values.key}
          </textarea>
        </Field>
        <button type="submit" class="main">
          Add the key
        </button>
      </form>
    </SettingsLayout>
  );
}
