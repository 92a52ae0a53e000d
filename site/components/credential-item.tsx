// One wallet or passkey in a list: what it is, a form that names it, and one that takes it away.
import type { Child } from "hono/jsx";
import { CsrfField } from "./form.tsx";
import type { Frame } from "./frame.ts";
import { Moment } from "./moment.tsx";

interface CredentialItemProps {
  frame: Frame;
  /** `/settings/wallets/7`: `name` is posted to `…/name`, and nothing but `_csrf` to `…/remove`. */
  path: string;
  id: number;
  title: Child;
  /** Its given name, as the field shows it. */
  name: string;
  nameRequired: boolean;
  facts: string[];
  createdAt: Date;
  lastUsedAt: Date | null;
}

export function CredentialItem(props: CredentialItemProps) {
  const { frame, path, id, title, name, facts } = props;
  const fieldId = `name-${id}`;
  return (
    <li class="item tight">
      <p class="name">{title}</p>
      <p class="row facts">
        {facts.map((fact) => (
          <span>{fact}</span>
        ))}
        <span>
          added <Moment at={props.createdAt} now={frame.now} />
        </span>
        <span>
          {props.lastUsedAt === null ? (
            "never used"
          ) : (
            <>
              last used <Moment at={props.lastUsedAt} now={frame.now} />
            </>
          )}
        </span>
      </p>
      <div class="row">
        <form method="post" action={`${path}/name`} class="row">
          <CsrfField viewer={frame.viewer} />
          <label for={fieldId}>Name</label>
          <input
            id={fieldId}
            name="name"
            value={name}
            maxlength={60}
            required={props.nameRequired}
            autocomplete="off"
          />
          <button type="submit" aria-label={`Rename ${name === "" ? "it" : name}`}>
            Rename
          </button>
        </form>
        <form method="post" action={`${path}/remove`} class="end">
          <CsrfField viewer={frame.viewer} />
          <button type="submit" aria-label={`Remove ${name === "" ? "it" : name}`}>
            Remove
          </button>
        </form>
      </div>
    </li>
  );
}
