// The form for an account. Posts `username`, `email` and `password` to /register.
import { CsrfField } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { FormProblem, TextField } from "../components/text-field.tsx";

interface RegisterPageProps {
  frame: Frame;
  values: { username: string; address: string };
  errors: { username?: string; address?: string; password?: string; form?: string };
}

export function RegisterPage({ frame, values, errors }: RegisterPageProps) {
  return (
    <Layout frame={frame} title="Register">
      <h1>Register</h1>
      <FormProblem problem={errors.form} />
      <form method="post" action="/register" class="fields">
        <CsrfField viewer={frame.viewer} />
        <TextField
          name="username"
          label="Username"
          value={values.username}
          hint="Letters, digits and single hyphens, at most 39. Everybody sees it."
          maxlength={39}
          autocomplete="username"
          error={errors.username}
        />
        <TextField
          name="email"
          label="Email address"
          type="email"
          value={values.address}
          hint="We mail a link to it that makes the account. Nobody sees it unless you say so."
          maxlength={254}
          autocomplete="email"
          error={errors.address}
        />
        <TextField
          name="password"
          label="Password"
          type="password"
          hint="At least 12 characters, and not what everybody tries first."
          autocomplete="new-password"
          error={errors.password}
        />
        <button type="submit" class="main">
          Mail me the link
        </button>
      </form>
      <p>
        You have an account? <a href="/login">Sign in</a>.
      </p>
    </Layout>
  );
}
