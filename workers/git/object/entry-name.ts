// The names in trees as text. They are bytes without an encoding: what isn't UTF-8 is written as one lone surrogate a byte
// (U+DC80 to U+DCFF), which no UTF-8 decodes to, so that a name can be shown, put in an address and found again.

const ESCAPE = 0xdc00;
const utf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const encoder = new TextEncoder();

/** The text of a name or a path; `encodeEntryName` gives its bytes again. */
export function decodeEntryName(name: Uint8Array): string {
  let text = "";
  let from = 0;
  for (let at = 0; at < name.length; ) {
    const length = sequenceLength(name, at);
    if (length > 0) {
      at += length;
      continue;
    }
    text += utf8.decode(name.subarray(from, at)) + String.fromCharCode(ESCAPE + name[at]!);
    from = ++at;
  }
  return text + utf8.decode(name.subarray(from));
}

/** The bytes of a name that `decodeEntryName` gave, or that a person wrote. */
export function encodeEntryName(text: string): Uint8Array {
  const parts = text.split(/([\u{dc80}-\u{dcff}])/u);
  if (parts.length === 1) return encoder.encode(text);
  // Every second part is an escaped byte.
  const pieces = parts.map((part, at) =>
    at % 2 === 0 ? encoder.encode(part) : Uint8Array.of(part.charCodeAt(0) - ESCAPE),
  );
  const bytes = new Uint8Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** How many bytes the UTF-8 of one character takes at `at` (RFC 3629, 4); 0 where none is. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const [least, most] = SECOND_BYTES[first] ?? [0x80, 0xbf];
  const second = bytes[at + 1] ?? 0;
  if (second < least || second > most) return 0;
  for (let i = 2; i < length; i++) if ((bytes[at + i] ?? 0) >> 6 !== 0b10) return 0;
  return length;
}

/** Neither longer than need be, nor surrogates, nor past U+10FFFF. */
const SECOND_BYTES: Readonly<Record<number, readonly [least: number, most: number]>> = {
  224: [0xa0, 0xbf],
  237: [0x80, 0x9f],
  240: [0x90, 0xbf],
  244: [0x80, 0x8f],
};
