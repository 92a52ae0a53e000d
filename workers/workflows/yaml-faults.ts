// What is wrong with a file that isn't YAML, in our words: an author reads the same terms here as everywhere else.
import type { ErrorCode } from "yaml";

const SENTENCES: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: "an alias can't have an anchor or a tag",
  BAD_ALIAS: "the name of an anchor or alias is empty or ends in a colon",
  BAD_COLLECTION_TYPE: "the tag doesn't fit what it stands before",
  BAD_DIRECTIVE: "lines that begin with `%` aren't supported here",
  BAD_DQ_ESCAPE:
    "in double quotes `\\` begins an escape, and this one isn't known; write `\\\\` for a backslash",
  BAD_INDENT: "the indentation doesn't match the lines before",
  BAD_PROP_ORDER: "an anchor or tag must stand after the `-`, `?` or `:`, before the value",
  BAD_SCALAR_START: "a value can't begin with this character unless it is in quotes",
  BLOCK_AS_IMPLICIT_KEY:
    "a mapping or list can't begin here; put it on lines of its own, or this value in quotes",
  BLOCK_IN_FLOW: "within brackets everything must be in brackets or quotes",
  DUPLICATE_KEY: "this key is used twice",
  IMPOSSIBLE: "this can't be read as YAML",
  KEY_OVER_1024_CHARS: "the `:` after a key must come within 1,024 characters",
  MISSING_CHAR: "a quote, bracket, comma, colon or space is missing here",
  MULTILINE_IMPLICIT_KEY: "a key must be on one line, with its `:`",
  MULTIPLE_ANCHORS: "a value can have only one anchor",
  MULTIPLE_DOCS: "the file must contain one document only",
  MULTIPLE_TAGS: "a value can have only one tag",
  NON_STRING_KEY: "a key must be a plain text",
  RESOURCE_EXHAUSTION: "this is nested too deeply",
  TAB_AS_INDENT: "tabs can't be used for indentation; use spaces",
  TAG_RESOLVE_FAILED: "tags such as `!name` aren't supported here, or the value isn't what its tag says",
  UNEXPECTED_TOKEN: "this is unexpected here; check the quotes, brackets and indentation before it",
};

/** A sentence for the author. `code` comes from the library, of whatever version. */
export function describeFault(code: string): string {
  return new Map<string, string>(Object.entries(SENTENCES)).get(code) ?? SENTENCES.IMPOSSIBLE;
}
