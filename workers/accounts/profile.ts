// What a person says of themselves, and what is wrong with it. Pure.

const NAME_CHARACTERS_MAX = 100;
const BIO_CHARACTERS_MAX = 300;
const LOCATION_CHARACTERS_MAX = 100;
const WEBSITE_CHARACTERS_MAX = 300;

export interface ProfileChanges {
  displayName?: string;
  bio?: string;
  location?: string;
  /** An http or https address, or empty. */
  website?: string;
}

export type ProfileErrors = { [Field in keyof ProfileChanges]?: string };

/** A sentence for each field that is wrong. */
export function findProfileProblems(changes: ProfileChanges): ProfileErrors {
  const errors: ProfileErrors = {};
  const limit = (field: keyof ProfileChanges, max: number, isOneLine = true) => {
    const text = changes[field] ?? "";
    if (text.length > max) errors[field] = `This has at most ${max} characters; it has ${text.length}.`;
    else if (isOneLine ? /\p{Cc}/u.test(text) : /[^\P{Cc}\r\n\t]/u.test(text)) {
      errors[field] = "This has characters that can't be shown.";
    }
  };
  limit("displayName", NAME_CHARACTERS_MAX);
  limit("bio", BIO_CHARACTERS_MAX, false);
  limit("location", LOCATION_CHARACTERS_MAX);
  limit("website", WEBSITE_CHARACTERS_MAX);
  const { website = "" } = changes;
  if (errors.website === undefined && website !== "" && !isWebAddress(website)) {
    errors.website = "A website's address begins with https:// or http:// and names a host.";
  }
  return errors;
}

/** Whether a link to `text` leads to a website, and to nothing that runs. */
function isWebAddress(text: string): boolean {
  if (!/^https?:\/\/[^\s\\]+$/i.test(text)) return false;
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}
