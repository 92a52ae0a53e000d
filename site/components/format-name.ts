// The names of files as people read them. What can't be seen is shown by a sign.

const PICTURES = 0x2400;
const DELETE_PICTURE = "\u2421";

/** Control characters become their pictures, such as `␊` for a newline; a byte that isn't UTF-8 becomes U+FFFD. */
export function formatName(name: string): string {
  let shown = "";
  for (const character of name.toWellFormed()) {
    if (character < " ") shown += String.fromCharCode(PICTURES + character.charCodeAt(0));
    else shown += character === "\x7f" ? DELETE_PICTURE : character;
  }
  return shown;
}
