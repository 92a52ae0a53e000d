// The form that a wallet fills in. Without JavaScript it says so and can't be sent.
import { CsrfField } from "./form.tsx";
import type { Frame } from "./frame.ts";

interface WalletFormProps {
  frame: Frame;
  /** What the signature is for: the server writes and checks another message for each. */
  purpose: "sign-in" | "confirm" | "add";
  /** Posts `message`, `signature`, `purpose`, `return_to` and `_csrf` there. */
  action: string;
  /** What a button says before the wallet's name. */
  verb: string;
  returnTo: string;
}

export function WalletForm({ frame, purpose, action, verb, returnTo }: WalletFormProps) {
  return (
    <form method="post" action={action} data-wallet={purpose} data-verb={verb} class="tight">
      <CsrfField viewer={frame.viewer} />
      <input type="hidden" name="purpose" value={purpose} />
      <input type="hidden" name="return_to" value={returnTo} />
      <input type="hidden" name="message" />
      <input type="hidden" name="signature" />
      <p data-says="" role="status" class="facts">
        A wallet needs JavaScript in this browser.
      </p>
      <div data-choices="" class="row" />
    </form>
  );
}
