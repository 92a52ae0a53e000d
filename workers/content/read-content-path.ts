// What a page's address says of a revision and a path. It is read from the address as it was sent, since a name is bytes:
// decoded by the router, one that isn't UTF-8 can't be told from one that is written with per cent signs.
import { decodeEntryName } from "../git/object/entry-name.ts";

/** How many of an address's words stand before the revision: owner, repository and view. */
const WORDS_BEFORE = 3;

/** What follows `/owner/repository/tree/` in a URL, as `decodeEntryName` writes it. */
export function readContentPath(url: string): string {
  const { pathname } = new URL(url);
  const rest = pathname.split("/").slice(1 + WORDS_BEFORE);
  return decodeEntryName(unescapeBytes(rest.join("/")));
}

/** Undoes per cent escapes (RFC 3986, 2.1). What only looks like one stays. A pathname is ASCII. */
function unescapeBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const digits = text[at] === "%" ? text.slice(at + 1, at + 3) : "";
    if (/^[0-9a-f]{2}$/i.test(digits)) {
      bytes[length++] = Number.parseInt(digits, 16);
      at += 2;
    } else {
      bytes[length++] = text.charCodeAt(at);
    }
  }
  return bytes.subarray(0, length);
}
