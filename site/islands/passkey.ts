// The script of pages with a passkey's form.
import { startPasskeyForm } from "./passkey/start-passkey.ts";

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-passkey]")) startPasskeyForm(form);
