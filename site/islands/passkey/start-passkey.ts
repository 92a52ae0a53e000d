// A form that a passkey fills in: the question from the server, the browser's answer to it, and off it goes as any form does.
import {
  browserSupportsWebAuthn,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
} from "@simplewebauthn/browser";
import { describeFailure, fillIn, postJson, say } from "../ways-in/form-parts.ts";

/** @param form carries `data-passkey`: `add`, or what is signed in for */
export function startPasskeyForm(form: HTMLFormElement): void {
  const button = form.querySelector("button");
  if (button === null) return;
  if (!browserSupportsWebAuthn()) {
    say(form, "This browser has no passkeys.");
    return;
  }
  say(form, "");
  button.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    say(form, "Confirm with your passkey …");
    try {
      const answer = form.dataset.passkey === "add" ? await make(form) : await use(form);
      fillIn(form, { answer: JSON.stringify(answer) });
      say(form, "One moment …");
      form.submit();
    } catch (error) {
      say(form, describeFailure(error, "That didn't work."));
      button.disabled = false;
    }
  });
}

async function make(form: HTMLFormElement) {
  const answer = await postJson(form, "/settings/passkeys/options", {});
  if (!isCreation(answer)) throw new Error("The server asked for no passkey.");
  return startRegistration({ optionsJSON: answer });
}

async function use(form: HTMLFormElement) {
  const answer = await postJson(form, "/login/passkey/options", { purpose: form.dataset.passkey });
  if (!isRequest(answer)) throw new Error("The server asked for no passkey.");
  return startAuthentication({ optionsJSON: answer });
}

// The server made them with the same library; what is looked at here is that it is them.
const isCreation = (answer: object): answer is PublicKeyCredentialCreationOptionsJSON =>
  "challenge" in answer && "rp" in answer && "pubKeyCredParams" in answer;
const isRequest = (answer: object): answer is PublicKeyCredentialRequestOptionsJSON => "challenge" in answer;
