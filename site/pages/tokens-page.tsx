// One's own API tokens: listed, made, rotated, revoked. A new one is shown here once.
import { CsrfField, Field } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { Moment } from "../components/moment.tsx";
import { SettingsLayout, settingsPath } from "../components/settings-layout.tsx";
import { FormProblem, TextField } from "../components/text-field.tsx";

interface TokenView {
  id: number;
  name: string;
  tokenPrefix: string;
  scopes: readonly string[];
  repositories: readonly string[] | null;
  lastUsedAt: Date | null;
  lastUsedAddress: string;
  expiresAt: Date | null;
}

export interface TokensPageProps {
  frame: Frame;
  tokens: readonly TokenView[];
  notice: string | null;
  /** A token that was just made. */
  made: string | null;
  /** All scopes, and what each lets do. */
  scopes: Readonly<Record<string, string>>;
  values: { name: string; scopes: readonly string[]; repositories: string; expiresInDays: string };
  errors: Readonly<Record<string, string>>;
}

const tokensPath = settingsPath("tokens");

/** Posts `name`, `scope` (several), `repositories`, `expires_in_days` and `_csrf` to `/settings/tokens`. */
export function TokensPage(props: TokensPageProps) {
  const { frame, tokens, notice, made } = props;
  return (
    <SettingsLayout frame={frame} current="tokens" notice={notice}>
      <p>A token is the password of git over HTTPS, and what a script shows the API.</p>
      {made === null ? null : (
        <div class="notice" role="status">
          <p>Copy it now: it is not shown again.</p>
          <p>
            <code>{made}</code>
          </p>
        </div>
      )}
      {tokens.length === 0 ? <p class="facts">You have no token.</p> : null}
      <ul class="list">
        {tokens.map((token) => (
          <TokenItem frame={frame} token={token} />
        ))}
      </ul>
      <h2>New token</h2>
      <NewTokenForm {...props} />
    </SettingsLayout>
  );
}

function TokenItem({ frame, token }: { frame: Frame; token: TokenView }) {
  return (
    <li class="item tight">
      <div class="row">
        <span class="name">{token.name}</span>
        <code>{token.tokenPrefix}…</code>
        {(["rotate", "revoke"] as const).map((verb) => (
          <form method="post" action={`${tokensPath}/${token.id}/${verb}`}>
            <CsrfField viewer={frame.viewer} />
            <button type="submit" aria-label={`${verb} ${token.name}`}>
              {verb === "rotate" ? "Rotate" : "Revoke"}
            </button>
          </form>
        ))}
      </div>
      <p class="facts">
        {token.scopes.join(", ")}
        {token.repositories === null
          ? ""
          : ` · only ${token.repositories.join(", ") || "repositories that are gone"}`}
      </p>
      <p class="facts">
        {token.lastUsedAt === null ? (
          "never used"
        ) : (
          <>
            last used <Moment at={token.lastUsedAt} now={frame.now} />
            {token.lastUsedAddress === "" ? "" : ` from ${token.lastUsedAddress}`}
          </>
        )}
        {" · "}
        {token.expiresAt === null ? (
          "never ends"
        ) : (
          <>
            ends <Moment at={token.expiresAt} now={frame.now} />
          </>
        )}
      </p>
    </li>
  );
}

function NewTokenForm({ frame, scopes, values, errors }: TokensPageProps) {
  return (
    <form method="post" action={tokensPath} class="fields">
      <CsrfField viewer={frame.viewer} />
      <FormProblem problem={errors.form} />
      <TextField name="name" label="Name" value={values.name} maxlength={100} error={errors.name} />
      <fieldset>
        <legend>Scopes</legend>
        {errors.scopes === undefined ? null : <p class="wrong">✗ {errors.scopes}</p>}
        {Object.entries(scopes).map(([scope, meaning]) => (
          <div class="choice">
            <input
              type="checkbox"
              id={`scope-${scope}`}
              name="scope"
              value={scope}
              checked={values.scopes.includes(scope)}
            />
            <label for={`scope-${scope}`}>
              {scope}: {meaning}
            </label>
          </div>
        ))}
      </fieldset>
      <TextField
        name="repositories"
        label="Only these repositories (optional)"
        hint="owner/name, separated by spaces. It then reaches nothing else, public ones neither."
        value={values.repositories}
        required={false}
        error={errors.repositories}
      />
      <Field id="expires_in_days" label="Ends after" error={errors.expires_in_days}>
        <select id="expires_in_days" class="entry" name="expires_in_days">
          {["7", "30", "90", "366", ""].map((days) => (
            <option value={days} selected={days === values.expiresInDays}>
              {days === "" ? "never" : `${days} days`}
            </option>
          ))}
        </select>
      </Field>
      <button type="submit" class="main">
        Make the token
      </button>
    </form>
  );
}
