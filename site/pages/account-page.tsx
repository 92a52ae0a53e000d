// The end of one's account: what stands in its way, what goes along, and the form. Posts `confirmation`, and
// `with_repositories` with the ids in `repositories`, to /settings/account/delete.
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { organizationPath } from "../components/organization-paths.ts";
import { homePath, settingsPath as repositorySettingsPath } from "../components/paths.ts";
import { PostForm } from "../components/role-forms.tsx";
import { SettingsLayout, settingsPath } from "../components/settings-layout.tsx";
import { TextField } from "../components/text-field.tsx";

interface AccountPageProps {
  frame: Frame;
  username: string;
  departure: {
    orphans: readonly string[];
    isLastAdmin: boolean;
    repositories: readonly { id: number; name: string }[];
    isTooMuch: boolean;
  };
  problem: string | undefined;
}

export function AccountPage(props: AccountPageProps) {
  const { frame, username, departure } = props;
  const { orphans, isLastAdmin, isTooMuch } = departure;
  const isKept = orphans.length > 0 || isLastAdmin || isTooMuch;
  return (
    <SettingsLayout frame={frame} current="account">
      <p>
        You are {username}. What you are called is <a href={settingsPath("profile")}>in your profile</a>.
      </p>
      <section class="danger spread" aria-labelledby="delete">
        <h2 id="delete">Delete your account</h2>
        <p>
          Your sessions, tokens, keys, passkeys, wallets, addresses, memberships and invitations end at once,
          everywhere. Nobody can have the name {username} for 90 days. Your addresses and wallets can have an
          account again. What you did in others' repositories stays, without your name; so do deploy keys that
          you made for them. There is no way back.
        </p>
        {isKept ? <Obstacles {...props} /> : <DeleteForm {...props} />}
      </section>
    </SettingsLayout>
  );
}

function Obstacles({ departure, problem }: AccountPageProps) {
  const { orphans, isLastAdmin, repositories, isTooMuch } = departure;
  return (
    <>
      <p
        class={problem === undefined ? undefined : "wrong"}
        role={problem === undefined ? undefined : "alert"}
      >
        {problem === undefined ? "It can't be deleted yet:" : `✗ ${problem}`}
      </p>
      <ul>
        {orphans.map((name) => (
          <li>
            You are the only owner of <a href={organizationPath(name, "people")}>{name}</a>: make somebody
            else one, or delete it.
          </li>
        ))}
        {isLastAdmin ? <li>You are the only admin of this site, and it needs one.</li> : null}
        {isTooMuch ? (
          <li>You own {repositories.length} repositories, too many to go along: delete or transfer some.</li>
        ) : null}
      </ul>
    </>
  );
}

function DeleteForm({ frame, username, departure, problem }: AccountPageProps) {
  const { repositories } = departure;
  const count = `${repositories.length} ${repositories.length === 1 ? "repository" : "repositories"}`;
  const hidden = { repositories: repositories.map(({ id }) => id).join(",") };
  return (
    <>
      {repositories.length === 0 ? null : (
        <>
          <p>You own {count}. Transfer what others need before you go:</p>
          <ul>
            {repositories.map(({ name }) => (
              <li>
                <a href={repositorySettingsPath({ owner: username, name })}>{name}</a>
              </li>
            ))}
          </ul>
        </>
      )}
      <PostForm
        {...{ viewer: frame.viewer, action: `${settingsPath("account")}/delete`, hidden, class: "fields" }}
      >
        {repositories.length === 0 ? null : (
          <p class="choice">
            <input type="checkbox" id="with-repositories" name="with_repositories" value="yes" />
            <label for="with-repositories">Delete {count} along with it</label>
          </p>
        )}
        <TextField
          {...{ name: "confirmation", label: `To be sure, type ${username}`, error: problem }}
          maxlength={39}
        />
        <button type="submit">Delete my account</button>
      </PostForm>
    </>
  );
}

/** What is answered to whoever has no account any more. */
export function AccountGonePage({ frame }: { frame: Frame }) {
  return (
    <Layout frame={frame} title="Your account is deleted">
      <h1>Your account is deleted</h1>
      <p>Nothing is signed in to it any more, here or elsewhere.</p>
      <p>
        <a href={homePath}>Go on as a visitor</a>
      </p>
    </Layout>
  );
}
