// PostgreSQL's protocol as far as a pooler must read it: where each message ends, and the few it writes
// itself. https://www.postgresql.org/docs/18/protocol-message-formats.html

/** A message whose last byte has passed. `firstByte` is -1 for one without a body. */
export type Frame = { type: string; firstByte: number };

const headerBytes = 5;

/** Follows a byte stream of typed messages. The bytes it gives back never end inside a message's header. */
export class FrameScanner {
  #held: Buffer = Buffer.alloc(0);
  #type = "";
  #firstByte = -1;
  #remainingBytes = 0;

  /** Whether the stream stands between two messages. */
  get atBoundary(): boolean {
    return this.#held.length === 0 && this.#remainingBytes === 0;
  }

  /**
   * Takes the next bytes; returns those that may be forwarded and the messages that ended in them. Bytes from
   * a Terminate message on are dropped.
   */
  scan(chunk: Buffer): { bytes: Buffer; frames: Frame[] } {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.#remainingBytes > 0) {
        if (this.#firstByte < 0) this.#firstByte = bytes.readUInt8(at);
        const taken = Math.min(this.#remainingBytes, bytes.length - at);
        this.#remainingBytes -= taken;
        at += taken;
      } else {
        if (bytes.length - at < headerBytes) break;
        this.#type = String.fromCharCode(bytes.readUInt8(at));
        this.#firstByte = -1;
        this.#remainingBytes = bytes.readInt32BE(at + 1) - 4;
        if (this.#remainingBytes < 0) throw new Error(`Malformed message of type ${this.#type}.`);
        if (this.#type === "X") {
          frames.push({ type: "X", firstByte: -1 });
          this.#held = Buffer.alloc(0);
          return { bytes: bytes.subarray(0, at), frames };
        }
        at += headerBytes;
      }
      if (this.#remainingBytes === 0) frames.push({ type: this.#type, firstByte: this.#firstByte });
    }
    this.#held = bytes.subarray(at);
    return { bytes: bytes.subarray(0, at), frames };
  }
}

/** One message: its type, its length, its body. */
export function encodeMessage(type: string, ...body: Buffer[]): Buffer {
  const length = body.reduce((sum, part) => sum + part.length, 4);
  const header = Buffer.alloc(headerBytes);
  header.write(type, 0, "latin1");
  header.writeInt32BE(length, 1);
  return Buffer.concat([header, ...body]);
}

export function encodeInt32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function encodeCString(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

/** A simple query. */
export function encodeQuery(sql: string): Buffer {
  return encodeMessage("Q", encodeCString(sql));
}

/** An ErrorResponse that ends the connection. */
export function encodeFatal(code: string, message: string): Buffer {
  const fields = [`SFATAL`, `VFATAL`, `C${code}`, `M${message}`].map(encodeCString);
  return encodeMessage("E", ...fields, Buffer.from([0]));
}

type Startup =
  | { kind: "startup"; parameters: Map<string, string> }
  | { kind: "tls" }
  | { kind: "cancel"; processId: number; secretKey: number };

const protocolVersion3 = 196608;
const cancelCode = 80877102;
const tlsCodes = [80877103, 80877104];
const maxStartupBytes = 10_000;

/** The first, untyped message of a connection, or undefined while it is incomplete. Throws when malformed. */
export function decodeStartup(bytes: Buffer): { startup: Startup; sizeBytes: number } | undefined {
  if (bytes.length < 8) return undefined;
  const sizeBytes = bytes.readInt32BE(0);
  if (sizeBytes < 8 || sizeBytes > maxStartupBytes) throw new Error("Malformed startup message.");
  if (bytes.length < sizeBytes) return undefined;
  const code = bytes.readInt32BE(4);
  if (tlsCodes.includes(code)) return { startup: { kind: "tls" }, sizeBytes };
  if (code === cancelCode && sizeBytes === 16) {
    const [processId, secretKey] = [bytes.readInt32BE(8), bytes.readInt32BE(12)];
    return { startup: { kind: "cancel", processId, secretKey }, sizeBytes };
  }
  if (code !== protocolVersion3) throw new Error(`Unsupported protocol version ${code}.`);
  const words = bytes.toString("utf8", 8, sizeBytes).split("\0");
  const parameters = new Map<string, string>();
  for (let at = 0; words[at]; at += 2) parameters.set(words[at] ?? "", words[at + 1] ?? "");
  return { startup: { kind: "startup", parameters }, sizeBytes };
}
