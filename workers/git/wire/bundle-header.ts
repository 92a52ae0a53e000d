// The head of a bundle (gitformat-bundle): signature, capabilities, prerequisites and refs; its pack follows.
// Invariant: nothing is guessed when one is read. A capability that isn't understood is refused, as the format demands.
import { BUNDLE_HEADER_LIMIT_BYTES, REF_UPDATE_LIMIT } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { isOid, type Oid } from "../object/oid.ts";

interface BundleRef {
  /** A full ref name, or `HEAD`. */
  readonly name: string;
  readonly oid: Oid;
}

interface BundleHeader {
  /** Objects that the receiving repository must have. */
  readonly prerequisites: readonly Oid[];
  readonly refs: readonly BundleRef[];
  /** Where in the file the pack begins. */
  readonly packOffset: number;
}

const LINE_FEED = 10;
const SIGNATURES: ReadonlyMap<string, 2 | 3> = new Map([
  ["# v2 git bundle", 2],
  ["# v3 git bundle", 3],
]);
const OID_CHARACTERS = 40;

/**
 * Reads the head of a bundle from its first bytes; null when it goes on behind them.
 * Throws GitError `bad_protocol` for what isn't a bundle of SHA-1 objects, `limit_exceeded` for too large a head.
 */
export function parseBundleHeader(bytes: Uint8Array): BundleHeader | null {
  const lines = new HeaderLines(bytes);
  const signature = lines.next();
  if (signature === null) return lines.endHere(SIGNATURE_BYTES_MAX);
  const version = SIGNATURES.get(signature);
  if (version === undefined) throw new GitError("bad_protocol", "this is not a git bundle of version 2 or 3");
  const prerequisites: Oid[] = [];
  const refs: BundleRef[] = [];
  for (;;) {
    const line = lines.next();
    if (line === null) return lines.endHere(BUNDLE_HEADER_LIMIT_BYTES);
    if (line === "") return { prerequisites, refs, packOffset: lines.offset };
    if (version === 3 && line.startsWith("@")) checkCapability(line.slice(1));
    else if (line.startsWith("-")) prerequisites.push(readOid(line.slice(1)).oid);
    else refs.push(parseRef(line));
    if (refs.length > REF_UPDATE_LIMIT) {
      throw new GitError("limit_exceeded", `a bundle may have at most ${REF_UPDATE_LIMIT} refs`);
    }
  }
}

const SIGNATURE_BYTES_MAX = 16;

function checkCapability(capability: string): void {
  if (capability === "object-format=sha1") return;
  if (capability.startsWith("filter=")) {
    throw new GitError(
      "bad_protocol",
      "the bundle was made with a filter and lacks objects; make it without one",
    );
  }
  if (capability.startsWith("object-format=")) {
    throw new GitError("bad_protocol", "the bundle's objects are not named by SHA-1");
  }
  throw new GitError(
    "bad_protocol",
    `the bundle needs '${capability.slice(0, 100)}', which isn't known here`,
  );
}

/** The head of a bundle of version 2 that needs nothing but itself. */
export function formatBundleHeader(refs: readonly BundleRef[]): Uint8Array<ArrayBuffer> {
  const lines = refs.map(({ oid, name }) => `${oid} ${name}\n`);
  return new Uint8Array(new TextEncoder().encode(`# v2 git bundle\n${lines.join("")}\n`));
}

/**
 * The answer to the v2 command `bundle-uri` (gitprotocol-v2; bundle-uri design, "Bundle Lists"), but for its flush:
 * one bundle, or none.
 * @param uri relative to the repository's address, or null
 */
export function formatBundleList(uri: string | null): string[] {
  return uri === null ? [] : ["bundle.version=1", "bundle.mode=all", `bundle.base.uri=${uri}`];
}

function parseRef(line: string): BundleRef {
  const { oid, rest } = readOid(line);
  if (!rest.startsWith(" ") || rest.length < 2) throw malformed(line);
  return { name: rest.slice(1), oid };
}

function readOid(text: string): { oid: Oid; rest: string } {
  const oid = text.slice(0, OID_CHARACTERS);
  const rest = text.slice(OID_CHARACTERS);
  if (!isOid(oid) || (rest !== "" && !rest.startsWith(" "))) throw malformed(text);
  return { oid, rest };
}

function malformed(line: string): GitError {
  return new GitError(
    "bad_protocol",
    `the bundle's head has a line that isn't understood: '${line.slice(0, 100)}'`,
  );
}

/** The lines of a head, one by one. */
class HeaderLines {
  offset = 0;
  private readonly bytes: Uint8Array;
  // A name that isn't UTF-8 becomes one that no ref may have; a prerequisite's comment may be any bytes.
  private readonly decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The next line without its end, or null when the bytes end before it does. */
  next(): string | null {
    const end = this.bytes.indexOf(LINE_FEED, this.offset);
    if (end < 0 || end >= BUNDLE_HEADER_LIMIT_BYTES) return null;
    const line = this.decoder.decode(this.bytes.subarray(this.offset, end));
    this.offset = end + 1;
    return line;
  }

  /** Null: more bytes are needed. Throws when there were enough. */
  endHere(limitBytes: number): null {
    if (this.bytes.length < limitBytes) return null;
    if (limitBytes === SIGNATURE_BYTES_MAX) {
      throw new GitError("bad_protocol", "this is not a git bundle of version 2 or 3");
    }
    throw new GitError("limit_exceeded", `the bundle's head is larger than ${limitBytes} bytes`);
  }
}
