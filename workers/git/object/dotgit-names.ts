// Names that a file system may take for `.git` or `.gitmodules`: HFS+ ignores case and invisible characters,
// NTFS ignores case, trailing dots and spaces, streams, and knows short names (git's fsck, CVE-2014-9390 and after).

const DOT = 0x2e;
const SPACE = 0x20;
const COLON = 0x3a;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const TILDE = 0x7e;

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}

/** The byte at `at`, or 0 past the name's end: names hold no NUL. */
function byteAt(name: Uint8Array, at: number, end: number): number {
  return at < end ? name[at]! : 0;
}

function startsWithIgnoringCase(name: Uint8Array, at: number, end: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    if (lower(byteAt(name, at + i, end)) !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** True when name[start, end) is `.git` or `git~1` to NTFS. */
function isNtfsDotGit(name: Uint8Array, start: number, end: number): boolean {
  let at = start;
  if (startsWithIgnoringCase(name, at, end, ".git")) at += 4;
  else if (startsWithIgnoringCase(name, at, end, "git~1")) at += 5;
  else return false;
  for (; ; at++) {
    const byte = byteAt(name, at, end);
    if (byte === 0 || byte === BACKSLASH || byte === SLASH || byte === COLON) return true;
    if (byte !== DOT && byte !== SPACE) return false;
  }
}

function endsInSpacesAndDots(name: Uint8Array, start: number, end: number): boolean {
  for (let at = start; ; at++) {
    const byte = byteAt(name, at, end);
    if (byte === 0 || byte === COLON) return true;
    if (byte !== DOT && byte !== SPACE) return false;
  }
}

/**
 * True when name[start, end) is `.` + `word` to NTFS, in full or as the short name made of its first six letters
 * or, when those are taken, of `shortPrefix`.
 */
function isNtfsDotName(
  name: Uint8Array,
  start: number,
  end: number,
  word: string,
  shortPrefix: string,
): boolean {
  if (byteAt(name, start, end) === DOT && startsWithIgnoringCase(name, start + 1, end, word)) {
    return endsInSpacesAndDots(name, start + 1 + word.length, end);
  }
  const digit = byteAt(name, start + 7, end);
  if (
    startsWithIgnoringCase(name, start, end, word.slice(0, 6)) &&
    byteAt(name, start + 6, end) === TILDE &&
    digit >= 0x31 &&
    digit <= 0x34
  ) {
    return endsInSpacesAndDots(name, start + 8, end);
  }
  let sawTilde = false;
  for (let i = 0; i < 8; i++) {
    const byte = byteAt(name, start + i, end);
    if (sawTilde) {
      if (byte < 0x30 || byte > 0x39) return false;
    } else if (byte === TILDE) {
      i++;
      const first = byteAt(name, start + i, end);
      if (first < 0x31 || first > 0x39) return false;
      sawTilde = true;
    } else if (i >= 6 || lower(byte) !== shortPrefix.charCodeAt(i)) {
      return false;
    }
  }
  return endsInSpacesAndDots(name, start + 8, end);
}

function isIgnoredByHfs(codePoint: number): boolean {
  return (
    (codePoint >= 0x200c && codePoint <= 0x200f) ||
    (codePoint >= 0x202a && codePoint <= 0x202e) ||
    (codePoint >= 0x206a && codePoint <= 0x206f) ||
    codePoint === 0xfeff
  );
}

const utf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** True when name[start, end) is `.` + `word` to HFS+. As in git, text that isn't UTF-8 ends the name. */
function isHfsDotName(name: Uint8Array, start: number, end: number, word: string): boolean {
  const wanted = `.${word}`;
  let matched = 0;
  for (const character of utf8.decode(name.subarray(start, end))) {
    const codePoint = character.codePointAt(0)!;
    if (isIgnoredByHfs(codePoint)) continue;
    const isEnd = codePoint === 0xfffd || character === "/";
    if (matched === wanted.length) return isEnd;
    if (codePoint > 127 || lower(codePoint) !== wanted.charCodeAt(matched)) return false;
    matched++;
  }
  return matched === wanted.length;
}

export function isDotGit(name: Uint8Array, start: number, end: number): boolean {
  return isNtfsDotGit(name, start, end) || isHfsDotName(name, start, end, "git");
}

export function isDotGitmodules(name: Uint8Array, start: number, end: number): boolean {
  return (
    isNtfsDotName(name, start, end, "gitmodules", "gi7eba") || isHfsDotName(name, start, end, "gitmodules")
  );
}
