// The protocol's lines (gitprotocol-common, "pkt-line Format"): four hexadecimal digits of length, themselves
// counted, then the payload. Invariant: no line is longer than git's own limit, in or out.
import { GitError } from "../object/git-error.ts";

/** Largest payload of one line: 65,520 bytes with its length. */
export const PACKET_PAYLOAD_LIMIT_BYTES = 65_516;
export const PACKET_LENGTH_BYTES = 4;

/** A line's payload, or one of the three lines that have none. */
export type Packet = Uint8Array | "flush" | "delim" | "response-end";

const SPECIAL: readonly (Packet | undefined)[] = ["flush", "delim", "response-end"];
const HEX_DIGITS = new TextEncoder().encode("0123456789abcdef");
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What a line's four digits say: a payload's length in bytes, or a special line. Throws GitError `bad_protocol`. */
export function parsePacketLength(
  bytes: Uint8Array,
  at: number,
): number | "flush" | "delim" | "response-end" {
  let length = 0;
  for (let i = at; i < at + PACKET_LENGTH_BYTES; i++) {
    const digit = HEX_DIGITS.indexOf((bytes[i] ?? 0) | (bytes[i]! >= 65 ? 0x20 : 0));
    if (digit < 0) throw new GitError("bad_protocol", "protocol error: bad line length character");
    length = length * 16 + digit;
  }
  const special = SPECIAL[length];
  if (typeof special === "string") return special;
  if (length < PACKET_LENGTH_BYTES || length > PACKET_PAYLOAD_LIMIT_BYTES + PACKET_LENGTH_BYTES) {
    throw new GitError("bad_protocol", `protocol error: bad line length ${length}`);
  }
  return length - PACKET_LENGTH_BYTES;
}

/** Writes the four digits of a line of `payloadBytes` at `at`. */
export function writePacketLength(into: Uint8Array, at: number, payloadBytes: number): void {
  const length = payloadBytes + PACKET_LENGTH_BYTES;
  for (let i = 0; i < PACKET_LENGTH_BYTES; i++) {
    into[at + i] = HEX_DIGITS[(length >>> (12 - 4 * i)) & 15]!;
  }
}

/**
 * A payload as text, without the line feed it may end in. Throws GitError `bad_protocol` unless it is UTF-8.
 * @param what the line is, for the person who reads the error
 */
export function decodePacketText(payload: Uint8Array, what = "protocol error: a line"): string {
  const end = payload.at(-1) === 0x0a ? payload.length - 1 : payload.length;
  try {
    return decoder.decode(payload.subarray(0, end));
  } catch (cause) {
    throw new GitError("bad_protocol", `${what} is not UTF-8`, { cause });
  }
}

/** Collects lines in one growing buffer, so that many go out in one write. */
export class PacketBuffer {
  private bytes: Uint8Array<ArrayBuffer>;
  private used = 0;

  constructor(initialBytes = 4096) {
    this.bytes = new Uint8Array(initialBytes);
  }

  get sizeBytes(): number {
    return this.used;
  }

  /** Appends a line of text; a line feed is added. */
  line(text: string): void {
    this.packet(encoder.encode(`${text}\n`));
  }

  /** Appends a line of text as it stands, without a line feed. */
  text(text: string): void {
    this.packet(encoder.encode(text));
  }

  /** Appends a line as it stands. Throws RangeError when it exceeds the limit of a line. */
  packet(payload: Uint8Array): void {
    if (payload.length > PACKET_PAYLOAD_LIMIT_BYTES) throw new RangeError("a protocol line is too long");
    this.reserve(PACKET_LENGTH_BYTES + payload.length);
    writePacketLength(this.bytes, this.used, payload.length);
    this.bytes.set(payload, this.used + PACKET_LENGTH_BYTES);
    this.used += PACKET_LENGTH_BYTES + payload.length;
  }

  flush(): void {
    this.special("0000");
  }

  delim(): void {
    this.special("0001");
  }

  /** What was collected; the buffer is empty afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.slice(0, this.used);
    this.used = 0;
    return taken;
  }

  private special(digits: string): void {
    this.reserve(PACKET_LENGTH_BYTES);
    encoder.encodeInto(digits, this.bytes.subarray(this.used));
    this.used += PACKET_LENGTH_BYTES;
  }

  private reserve(moreBytes: number): void {
    const needed = this.used + moreBytes;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.used));
    this.bytes = grown;
  }
}
