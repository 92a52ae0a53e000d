// The form that makes a repository. Posts `owner`, `name`, `description`, `visibility` and `_csrf` to /new.
import type { Visibility } from "../../schema/roles.ts";
import { CsrfField, describedBy, Field } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { newRepositoryPath } from "../components/paths.ts";
import { Select } from "../components/role-forms.tsx";

const VISIBILITIES = [
  { value: "public", label: "Public: everybody" },
  { value: "internal", label: "Internal: the members of the organisation" },
  { value: "private", label: "Private: you, and whom you let in" },
] as const;

export interface NewRepositoryPageProps {
  frame: Frame;
  /** What was posted before, so that nothing has to be typed twice; empty at first. */
  values: { owner: string; name: string; description: string; visibility: Visibility };
  /** Who it may belong to: the person first, then organisations. */
  owners: readonly string[];
  /** One sentence for each field that was wrong; `form` for what belongs to none. */
  errors: { name?: string; description?: string; visibility?: string; form?: string };
}

export function NewRepositoryPage({ frame, values, owners, errors }: NewRepositoryPageProps) {
  return (
    <Layout frame={frame} title="New repository">
      <h1>New repository</h1>
      {errors.form === undefined ? null : (
        <p class="wrong" role="alert">
          ✗ {errors.form}
        </p>
      )}
      <form method="post" action={newRepositoryPath} class="fields">
        <CsrfField viewer={frame.viewer} />
        {owners.length < 2 ? null : (
          <Field id="owner" label="Owner" error={undefined}>
            <Select
              id="owner"
              name="owner"
              choices={owners.map((owner) => ({ value: owner, label: owner }))}
              chosen={values.owner}
            />
          </Field>
        )}
        <Field id="name" label="Name" hint="Letters, digits, - _ and . — at most 100." error={errors.name}>
          <input
            id="name"
            class="entry"
            name="name"
            value={values.name}
            required
            maxlength={100}
            pattern="[A-Za-z0-9._\-]+"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            aria-invalid={errors.name === undefined ? undefined : "true"}
            aria-describedby={describedBy("name", { hint: true, error: errors.name })}
          />
        </Field>
        <Field id="description" label="Description (optional)" error={errors.description}>
          <input
            id="description"
            class="entry"
            name="description"
            value={values.description}
            autocomplete="off"
            aria-invalid={errors.description === undefined ? undefined : "true"}
            aria-describedby={describedBy("description", { error: errors.description })}
          />
        </Field>
        <VisibilityChoice
          chosen={values.visibility}
          isOrganizationPossible={owners.length > 1}
          error={errors.visibility}
        />
        <button type="submit" class="main">
          Create repository
        </button>
      </form>
    </Layout>
  );
}

interface VisibilityChoiceProps {
  chosen: Visibility;
  /** Nobody but an organisation has internal repositories. */
  isOrganizationPossible: boolean;
  error: string | undefined;
}

function VisibilityChoice({ chosen, isOrganizationPossible, error }: VisibilityChoiceProps) {
  return (
    <fieldset class="tight" aria-describedby={describedBy("visibility", { error })}>
      <legend>Visibility</legend>
      {VISIBILITIES.filter(({ value }) => value !== "internal" || isOrganizationPossible).map(
        ({ value, label }) => (
          <div class="choice">
            <input type="radio" id={value} name="visibility" value={value} checked={chosen === value} />
            <label for={value}>{label}</label>
          </div>
        ),
      )}
      {error === undefined ? null : (
        <p id="visibility-error" class="wrong">
          ✗ {error}
        </p>
      )}
    </fieldset>
  );
}
