// A field of one line: label, hint, what was wrong with it, and what had been typed. A password is never sent back.
import { describedBy, Field } from "./form.tsx";

interface TextFieldProps {
  /** The field's name, and the id of its input unless `id` says another. */
  name: string;
  id?: string;
  label: string;
  type?: "text" | "email" | "password" | "url";
  value?: string;
  hint?: string;
  error: string | undefined;
  /** What a password manager is to fill in, such as `current-password`. */
  autocomplete?: string;
  maxlength?: number;
  required?: boolean;
}

export function TextField(props: TextFieldProps) {
  const { name, id = name, label, type = "text", hint, error, required = true } = props;
  return (
    <Field id={id} label={label} {...(hint === undefined ? {} : { hint })} error={error}>
      <input
        id={id}
        class="entry"
        name={name}
        type={type}
        value={type === "password" ? undefined : props.value}
        required={required}
        maxlength={props.maxlength}
        autocomplete={props.autocomplete ?? "off"}
        autocapitalize="none"
        spellcheck={false}
        aria-invalid={error === undefined ? undefined : "true"}
        aria-describedby={describedBy(id, { hint: hint !== undefined, error })}
      />
    </Field>
  );
}

/** What was wrong with a form as a whole. */
export function FormProblem({ problem }: { problem: string | undefined }) {
  return problem === undefined ? null : (
    <p class="wrong" role="alert">
      ✗ {problem}
    </p>
  );
}
