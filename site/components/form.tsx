// Parts of forms. Invariant: a form of someone signed in carries the session's token as `_csrf`, and as `_once` a key by
// which the same form sent twice is known.
import type { PropsWithChildren } from "hono/jsx";
import type { Viewer } from "./frame.ts";

export function CsrfField({ viewer }: { viewer: Viewer | null }) {
  if (viewer === null) return null;
  return (
    <>
      <input type="hidden" name="_csrf" value={viewer.csrfToken} />
      <input type="hidden" name="_once" value={viewer.formKey} />
    </>
  );
}

type FieldProps = PropsWithChildren<{
  id: string;
  label: string;
  hint?: string;
  error: string | undefined;
}>;

/** A labelled input with its hint and what was wrong with it; the input names `describedBy(id, …)`. */
export function Field({ id, label, hint, error, children }: FieldProps) {
  return (
    <div class="field tight">
      <label for={id}>{label}</label>
      {children}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
      {error === undefined ? null : (
        <p id={`${id}-error`} class="wrong">
          ✗ {error}
        </p>
      )}
    </div>
  );
}

/** The value of `aria-describedby` for a field's input. */
export function describedBy(id: string, { hint, error }: { hint?: boolean; error: string | undefined }) {
  const ids = [...(hint ? [`${id}-hint`] : []), ...(error === undefined ? [] : [`${id}-error`])];
  return ids.length === 0 ? undefined : ids.join(" ");
}
