// Small forms of lists of people, teams and repositories: a role to choose, a thing to end.
// Invariant: every button says in its name what it does to whom, for those who hear the page.
import type { PropsWithChildren } from "hono/jsx";
import { CsrfField } from "./form.tsx";
import type { Viewer } from "./frame.ts";

export interface Choice {
  value: string;
  label: string;
}

export const REPOSITORY_ROLE_CHOICES: Choice[] = [
  { value: "read", label: "read" },
  { value: "triage", label: "triage" },
  { value: "write", label: "write" },
  { value: "maintain", label: "maintain" },
  { value: "admin", label: "admin" },
];

export const ORGANIZATION_ROLE_CHOICES: Choice[] = [
  { value: "member", label: "member" },
  { value: "owner", label: "owner" },
  { value: "billing", label: "billing only" },
];

type PostFormProps = PropsWithChildren<{
  viewer: Viewer | null;
  action: string;
  /** Sent besides what is chosen. */
  hidden?: Record<string, string>;
  class?: string;
}>;

export function PostForm({ viewer, action, hidden = {}, class: className = "row", children }: PostFormProps) {
  return (
    <form method="post" action={action} class={className}>
      <CsrfField viewer={viewer} />
      {Object.entries(hidden).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      {children}
    </form>
  );
}

type SelectProps = {
  id?: string;
  name: string;
  /** Read aloud where no label is seen. */
  label?: string;
  choices: readonly Choice[];
  chosen?: string | undefined;
};

export function Select({ id, name, label, choices, chosen }: SelectProps) {
  return (
    <select id={id} name={name} aria-label={label}>
      {choices.map((choice) => (
        <option value={choice.value} selected={choice.value === chosen}>
          {choice.label}
        </option>
      ))}
    </select>
  );
}

type RoleFormProps = {
  viewer: Viewer | null;
  action: string;
  hidden: Record<string, string>;
  /** Whose role it is. */
  of: string;
  choices: readonly Choice[];
  chosen: string;
};

/** Gives somebody another role. Sends `act=role` and `role`. */
export function RoleForm({ viewer, action, hidden, of, choices, chosen }: RoleFormProps) {
  return (
    <PostForm viewer={viewer} action={action} hidden={{ ...hidden, act: "role" }}>
      <Select name="role" label={`Role of ${of}`} choices={choices} chosen={chosen} />
      <button type="submit" aria-label={`Change the role of ${of}`}>
        Change
      </button>
    </PostForm>
  );
}

type ActButtonProps = {
  viewer: Viewer | null;
  action: string;
  hidden: Record<string, string>;
  label: string;
  /** To whom. */
  of?: string;
};

/** One button that does one thing. */
export function ActButton({ viewer, action, hidden, label, of }: ActButtonProps) {
  return (
    <PostForm viewer={viewer} action={action} hidden={hidden}>
      <button type="submit" aria-label={of === undefined ? undefined : `${label} ${of}`}>
        {label}
      </button>
    </PostForm>
  );
}
