// The header block that commits and tags share: "key value" lines, continued by lines that begin with a
// space, up to the first empty line; the message follows.

interface HeaderBlock {
  readonly headers: readonly (readonly [key: string, value: string])[];
  readonly message: Uint8Array;
}

const utf8 = new TextDecoder();

/**
 * Splits an object into its headers, in order, and its message. Lines without a space become a key alone.
 * @param decoder what the text of the headers is decoded by
 */
export function parseHeaders(bytes: Uint8Array, decoder = utf8): HeaderBlock {
  const headers: [string, string][] = [];
  let at = 0;
  while (at < bytes.length && bytes[at] !== 0x0a) {
    let end = bytes.indexOf(0x0a, at);
    if (end < 0) end = bytes.length;
    const line = decoder.decode(bytes.subarray(at, end));
    const last = headers.at(-1);
    if (line.startsWith(" ") && last !== undefined) {
      last[1] += `\n${line.slice(1)}`;
    } else {
      const space = line.indexOf(" ");
      headers.push(space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)]);
    }
    at = end + 1;
  }
  return { headers, message: bytes.subarray(Math.min(at + 1, bytes.length)) };
}

/**
 * The decoder of the encoding that a commit names ("i18n" in git-commit); UTF-8 where the name is unknown, or of an
 * encoding that no git object can be in, since its letters hold NULs.
 */
export function findDecoder(encoding: string | undefined): TextDecoder {
  if (encoding === undefined || /^(utf-?(8|16|32)|ucs|iso-10646)/i.test(encoding)) return utf8;
  try {
    return new TextDecoder(DECODER_LABELS.get(encoding.toLowerCase()) ?? encoding);
  } catch (error) {
    if (error instanceof RangeError) return utf8;
    throw error;
  }
}

// Names that iconv, and so git, knows, and the Encoding Standard doesn't.
const DECODER_LABELS: ReadonlyMap<string, string> = new Map([
  ["latin-1", "latin1"],
  ["cp932", "shift_jis"],
  ["cp936", "gbk"],
  ["cp949", "euc-kr"],
  ["cp950", "big5"],
  ["eucjp", "euc-jp"],
  ["euckr", "euc-kr"],
  ["sjis", "shift_jis"],
  ["koi8r", "koi8-r"],
]);
