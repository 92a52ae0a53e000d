// The form that makes a repository. Posts `name`, `description`, `private` (`on` or absent) and `_csrf` to /new.
import { CsrfField, describedBy, Field } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { newRepositoryPath } from "../components/paths.ts";

export interface NewRepositoryPageProps {
  frame: Frame;
  /** What was posted before, so that nothing has to be typed twice; empty at first. */
  values: { name: string; description: string; isPrivate: boolean };
  /** One sentence for each field that was wrong; `form` for what belongs to none. */
  errors: { name?: string; description?: string; form?: string };
}

export function NewRepositoryPage({ frame, values, errors }: NewRepositoryPageProps) {
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
        <div class="row">
          <input type="checkbox" id="private" name="private" checked={values.isPrivate} />
          <label for="private">Private: only you see it</label>
        </div>
        <button type="submit" class="main">
          Make the repository
        </button>
      </form>
    </Layout>
  );
}
