// What somebody calls a wallet or a passkey, to tell their own apart.
import { CREDENTIAL_NAME_CHARACTERS_MAX } from "../core/limits.ts";

/** The name without spaces around it, or why it can't be one, in a sentence. */
export function readCredentialName(given: string): { name: string } | { problem: string } {
  const name = given.trim();
  if (name.length > CREDENTIAL_NAME_CHARACTERS_MAX) {
    return { problem: `A name has at most ${CREDENTIAL_NAME_CHARACTERS_MAX} characters.` };
  }
  return /\p{C}/u.test(name) ? { problem: "A name has no control characters." } : { name };
}
