// Text that may come from anybody, made safe for a terminal: what would move its cursor, change its settings, reorder what is
// read or begin a new line is shown as an escape. Invariant: text that is JSON stays JSON of the same value.

/** Control characters (Cc), those that end lines or paragraphs (Zl, Zp), and those that set the direction of what follows. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** One line of text as it may be printed, each character that isn't safe as `\uXXXX`. */
export function showLine(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Text of several lines as it may be printed: its line feeds stay. */
export function showLines(text: string): string {
  return text.split("\n").map(showLine).join("\n");
}
