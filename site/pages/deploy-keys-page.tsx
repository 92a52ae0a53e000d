// A repository's deploy keys: listed, made, ended. A new token is shown here once.
import { CsrfField } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { Moment } from "../components/moment.tsx";
import { settingsPath } from "../components/paths.ts";
import { RepositorySettingsLayout } from "../components/repository-settings-layout.tsx";
import { TextField } from "../components/text-field.tsx";
import type { RepositoryView } from "../components/views.ts";

interface DeployKeyView {
  id: number;
  title: string;
  canWrite: boolean;
  tokenPrefix: string;
  publicKey: string | null;
  lastUsedAt: Date | null;
}

interface DeployKeysPageProps {
  frame: Frame;
  repository: RepositoryView;
  keys: readonly DeployKeyView[];
  made: string | null;
  notice: string | undefined;
  problem: string | undefined;
}

/** Posts `title`, `key`, `write` and `_csrf` to the page, and `_csrf` to `…/keys/:id/remove`. */
export function DeployKeysPage({ frame, repository, keys, made, notice, problem }: DeployKeysPageProps) {
  const path = settingsPath(repository, "keys");
  return (
    <RepositorySettingsLayout
      frame={frame}
      repository={repository}
      page="keys"
      notice={notice}
      problem={problem}
    >
      <p>A deploy key reaches this repository alone. Without a public key it is a token, git's password.</p>
      {made === null ? null : (
        <div class="notice" role="status">
          <p>Copy it now: it is not shown again.</p>
          <code>{made}</code>
        </div>
      )}
      {keys.length === 0 ? <p class="facts">There is no deploy key.</p> : null}
      <ul class="list">
        {keys.map((key) => (
          <li class="item tight">
            <div class="row">
              <span class="name">{key.title}</span>
              <span class="tag">{key.canWrite ? "read and write" : "read only"}</span>
              <code>{key.publicKey === null ? `${key.tokenPrefix}…` : "SSH"}</code>
              <form method="post" action={`${path}/${key.id}/remove`} class="end">
                <CsrfField viewer={frame.viewer} />
                <button type="submit" aria-label={`Remove ${key.title}`}>
                  Remove
                </button>
              </form>
            </div>
            <p class="facts">
              {key.lastUsedAt === null ? "never used" : <Moment at={key.lastUsedAt} now={frame.now} />}
            </p>
          </li>
        ))}
      </ul>
      <h2>New deploy key</h2>
      <form method="post" action={path} class="fields">
        <CsrfField viewer={frame.viewer} />
        <TextField name="title" label="Title" maxlength={100} error={undefined} />
        <TextField
          name="key"
          label="SSH public key (optional)"
          hint="Kept for git over SSH, which isn't open yet."
          required={false}
          error={undefined}
        />
        <div class="choice">
          <input type="checkbox" id="write" name="write" />
          <label for="write">Allow write access</label>
        </div>
        <button type="submit" class="main">
          Add key
        </button>
      </form>
    </RepositorySettingsLayout>
  );
}
