// The header block that commits and tags share: "key value" lines, continued by lines that begin with a
// space, up to the first empty line; the message follows.

interface HeaderBlock {
  readonly headers: readonly (readonly [key: string, value: string])[];
  readonly message: Uint8Array;
}

const decoder = new TextDecoder();

/** Splits an object into its headers, in order, and its message. Lines without a space become a key alone. */
export function parseHeaders(bytes: Uint8Array): HeaderBlock {
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
