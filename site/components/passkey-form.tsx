// The form that a passkey fills in. Without JavaScript it says so and can't be sent.
import type { PropsWithChildren } from "hono/jsx";
import { CsrfField } from "./form.tsx";
import type { Frame } from "./frame.ts";

type PasskeyFormProps = PropsWithChildren<{
  frame: Frame;
  purpose: "sign-in" | "confirm" | "add";
  /** Posts `answer`, `purpose`, `return_to` and `_csrf` there, and what the children add. */
  action: string;
  verb: string;
  returnTo: string;
}>;

export function PasskeyForm({ frame, purpose, action, verb, returnTo, children }: PasskeyFormProps) {
  return (
    <form method="post" action={action} data-passkey={purpose} class="fields">
      <CsrfField viewer={frame.viewer} />
      <input type="hidden" name="purpose" value={purpose} />
      <input type="hidden" name="return_to" value={returnTo} />
      <input type="hidden" name="answer" />
      {children}
      <p data-says="" role="status" class="facts">
        A passkey needs JavaScript in this browser.
      </p>
      <button type="submit" class="main" hidden>
        {verb}
      </button>
    </form>
  );
}
