// OpenSSH public keys as people paste them. Invariant: what is accepted is what its own bytes say it is: the algorithm
// inside equals the one before it, nothing is left over, and keys too weak to be trusted are refused.
// After RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4, and OpenSSH's PROTOCOL.u2f.
import { SSH_KEY_CHARACTERS_MAX } from "../core/limits.ts";

interface PublicKey {
  /** `algorithm base64`, without comment. */
  text: string;
  comment: string;
  /** As `ssh-keygen -lf` prints it. */
  fingerprint: string;
  algorithm: string;
  bits: number;
}

type ParsedKey = { key: PublicKey } | { problem: string };

const CURVE_BYTES: Record<string, number> = { nistp256: 65, nistp384: 97, nistp521: 133 };
const CURVE_BITS: Record<string, number> = { nistp256: 256, nistp384: 384, nistp521: 521 };
const RSA_BITS_MIN = 2048;
const RSA_BITS_MAX = 16_384;

/** Reads one line of the form `algorithm base64 [comment]`. */
export async function parsePublicKey(line: string): Promise<ParsedKey> {
  if (line.length > SSH_KEY_CHARACTERS_MAX) return { problem: "A key isn't this long." };
  const match = /^([a-z0-9@.-]+) +([A-Za-z0-9+/]+={0,2})(?: (\P{Cc}*))?$/u.exec(line.trim());
  if (!match?.[1] || !match[2]) {
    return { problem: "This isn't a public key: paste the one line of the file that ends in .pub." };
  }
  const [, algorithm, base64] = match;
  const comment = (match[3] ?? "").trimStart();
  const bytes = decodeBase64(base64);
  if (bytes === null) return { problem: "The key's base64 is damaged." };
  const bits = measureKey(algorithm, bytes);
  if (typeof bits === "string") return { problem: bits };
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const fingerprint = `SHA256:${btoa(String.fromCharCode(...digest)).replace(/=+$/, "")}`;
  return { key: { text: `${algorithm} ${base64}`, comment: comment.trim(), fingerprint, algorithm, bits } };
}

/** The key's length in bits, or what is wrong with it. */
function measureKey(algorithm: string, bytes: Uint8Array): number | string {
  if (algorithm === "ssh-dss") return "DSA keys are too weak. Make another: ssh-keygen -t ed25519.";
  const fields = readFields(bytes);
  if (fields === null) return "The key's bytes are damaged.";
  const [name, ...rest] = fields;
  if (name === undefined || toText(name) !== algorithm) return "The key isn't of the algorithm it says.";
  if (algorithm === "ssh-ed25519") return isPoint(rest, 1, 32) ? 256 : "The key's bytes are damaged.";
  if (algorithm === "sk-ssh-ed25519@openssh.com")
    return isPoint(rest, 2, 32) && isApplication(rest[1]) ? 256 : "The key's bytes are damaged.";
  const curve = /^(?:ecdsa-sha2-(nistp(?:256|384|521))|sk-ecdsa-sha2-(nistp256)@openssh\.com)$/.exec(
    algorithm,
  );
  if (curve) return measureCurve(curve[1] ?? curve[2] ?? "", curve[2] !== undefined, rest);
  if (algorithm === "ssh-rsa") return measureRsa(rest);
  return `Keys of the kind ${algorithm} aren't known here.`;
}

function measureCurve(curve: string, isHardware: boolean, fields: Uint8Array[]): number | string {
  const [name, point, application] = fields;
  const isGood =
    fields.length === (isHardware ? 3 : 2) &&
    name !== undefined &&
    toText(name) === curve &&
    point !== undefined &&
    point.length === CURVE_BYTES[curve] &&
    point[0] === 4 &&
    (!isHardware || isApplication(application));
  return isGood ? (CURVE_BITS[curve] ?? 0) : "The key's bytes are damaged.";
}

function measureRsa([exponent, modulus, ...more]: Uint8Array[]): number | string {
  if (!exponent || !modulus || more.length > 0) return "The key's bytes are damaged.";
  const [e, n] = [bitsOf(exponent), bitsOf(modulus)];
  if (
    e === null ||
    n === null ||
    e < 2 ||
    (exponent.at(-1) ?? 0) % 2 === 0 ||
    (modulus.at(-1) ?? 0) % 2 === 0
  )
    return "The key's bytes are damaged.";
  if (n < RSA_BITS_MIN) return `An RSA key needs at least ${RSA_BITS_MIN} bits; this one has ${n}.`;
  return n > RSA_BITS_MAX ? `An RSA key has at most ${RSA_BITS_MAX} bits.` : n;
}

/** The length of a positive mpint in its shortest form; null for anything else. */
function bitsOf(bytes: Uint8Array): number | null {
  const [first, second] = bytes;
  if (first === undefined || first >= 0x80) return null;
  if (first === 0) return second === undefined || second < 0x80 ? null : (bytes.length - 1) * 8;
  return (bytes.length - 1) * 8 + (32 - Math.clz32(first));
}

const isPoint = (fields: Uint8Array[], count: number, length: number): boolean =>
  fields.length === count && fields[0]?.length === length;
const isApplication = (field: Uint8Array | undefined): boolean =>
  field !== undefined && toText(field).startsWith("ssh:");
const toText = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, 256));

/** The length-prefixed fields that the bytes consist of; null when they don't come out even. */
function readFields(bytes: Uint8Array): Uint8Array[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length || fields.length > 8) return null;
    const length = view.getUint32(at);
    at += 4;
    if (length > bytes.length - at) return null;
    fields.push(bytes.subarray(at, at + length));
    at += length;
  }
  return fields;
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 !== 0) return null;
  const binary = atob(text);
  // Bits that nobody reads would let one key be written in several ways.
  if (btoa(binary) !== text) return null;
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
