// Finds where a terminal's escape sequence ends. Invariant: the answer depends on the text alone, never on how it
// was cut into chunks: at most ESCAPE_CHARS_MAX are looked at, and a sequence that may still go on is `unfinished`.
// @see ECMA-48, 5.3–5.6 and 8.3.89 (OSC)

/** What is longer is no sequence that a log has use for. */
const ESCAPE_CHARS_MAX = 1024;

const ESC = 0x1b;
const BEL = 0x07;

interface EscapeSequence {
  /** How many characters it takes, its ESC included. */
  length: number;
  /** The final character and parameters of a control sequence (`ESC [ … final`); null for all others. */
  control: { final: string; parameters: string } | null;
}

/**
 * Reads the sequence that begins with the ESC at `start`. One that breaks off or is too long ends before the
 * character that doesn't belong to it, and is dropped without a meaning.
 */
export function readEscapeSequence(text: string, start: number): EscapeSequence | "unfinished" {
  const end = Math.min(text.length, start + ESCAPE_CHARS_MAX);
  const isWindowFull = end - start === ESCAPE_CHARS_MAX;
  const length = lengthOf(text, start, end);
  if (length === null) return isWindowFull ? { length: ESCAPE_CHARS_MAX, control: null } : "unfinished";
  return { length, control: text[start + 1] === "[" ? controlOf(text, start, length) : null };
}

/** Null when the text ends before the sequence does. */
function lengthOf(text: string, start: number, end: number): number | null {
  const introducer = text.charCodeAt(start + 1);
  if (start + 1 >= end) return null;
  if (introducer === 0x5b) return lengthOfControl(text, start, end);
  // ] P X ^ _ open a string, ended by BEL or ESC \
  if ([0x5d, 0x50, 0x58, 0x5e, 0x5f].includes(introducer)) return lengthOfString(text, start, end);
  const at = skipWithin(text, start + 1, end, 0x20, 0x2f);
  if (at >= end) return null;
  return isWithin(text.charCodeAt(at), 0x30, 0x7e) ? at + 1 - start : at - start;
}

function lengthOfControl(text: string, start: number, end: number): number | null {
  const at = skipWithin(text, skipWithin(text, start + 2, end, 0x30, 0x3f), end, 0x20, 0x2f);
  if (at >= end) return null;
  return isWithin(text.charCodeAt(at), 0x40, 0x7e) ? at + 1 - start : at - start;
}

function lengthOfString(text: string, start: number, end: number): number | null {
  for (let at = start + 2; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BEL) return at + 1 - start;
    if (code === ESC && at + 1 >= end) return null;
    if (code === ESC) return text.charCodeAt(at + 1) === 0x5c ? at + 2 - start : at - start;
    if (code === 0x0a || code === 0x0d) return at - start;
  }
  return null;
}

function controlOf(text: string, start: number, length: number): EscapeSequence["control"] {
  const final = text[start + length - 1] ?? "";
  if (length < 3 || !isWithin(final.charCodeAt(0), 0x40, 0x7e)) return null;
  return { final, parameters: text.slice(start + 2, start + length - 1) };
}

function skipWithin(text: string, from: number, end: number, low: number, high: number): number {
  let at = from;
  while (at < end && isWithin(text.charCodeAt(at), low, high)) at += 1;
  return at;
}

const isWithin = (code: number, low: number, high: number): boolean => code >= low && code <= high;
