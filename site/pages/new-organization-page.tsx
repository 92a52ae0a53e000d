// The form that makes an organisation. Posts `login`, `name`, `description` and `_csrf`.
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { newOrganizationPath } from "../components/organization-paths.ts";
import { PostForm } from "../components/role-forms.tsx";
import { FormProblem, TextField } from "../components/text-field.tsx";

export interface NewOrganizationPageProps {
  frame: Frame;
  values: { login: string; name: string; description: string };
  errors: { login?: string | undefined; form?: string | undefined };
}

export function NewOrganizationPage({ frame, values, errors }: NewOrganizationPageProps) {
  return (
    <Layout frame={frame} title="New organisation">
      <h1>New organisation</h1>
      <p>An organisation owns repositories together: with members, teams, and roles for each.</p>
      <FormProblem problem={errors.form} />
      <PostForm viewer={frame.viewer} action={newOrganizationPath} class="fields">
        <TextField
          name="login"
          label="Name"
          hint="Letters, digits and single hyphens — at most 39. It stands in addresses."
          value={values.login}
          error={errors.login}
          maxlength={39}
        />
        <TextField
          name="name"
          label="Shown name (optional)"
          value={values.name}
          error={undefined}
          maxlength={100}
          required={false}
        />
        <TextField
          name="description"
          label="Description (optional)"
          value={values.description}
          error={undefined}
          maxlength={300}
          required={false}
        />
        <button type="submit" class="main">
          Make the organisation
        </button>
      </PostForm>
    </Layout>
  );
}
