// Reads a request's body line by line, and gives the rest of it on as a stream. Invariant: never more than one
// chunk and one line are held, and never more bytes are read as lines than the caller's limit allows.
import { readOrFail } from "../body-failure.ts";
import { GitError } from "../object/git-error.ts";
import { type RequestTimes, TimeLimit } from "../time-limit.ts";
import { PACKET_LENGTH_BYTES, type Packet, parsePacketLength } from "./pkt-line.ts";

export interface BodyRest {
  /** Bytes that were read from the body but belong to what follows the lines. */
  readonly initial: Uint8Array;
  /** The body, unlocked, from there on. */
  readonly body: ReadableStream<Uint8Array>;
}

const EMPTY = new Uint8Array(0);

export class BodyReader {
  private readonly body: ReadableStream<Uint8Array>;
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly limitBytes: number;
  private readonly time: TimeLimit;
  private held: Uint8Array = EMPTY;
  private takenBytes = 0;
  /** The body failed or was given up: there is nothing left to drop. */
  isOver = false;

  /** @param limitBytes most bytes that may be read as lines */
  constructor(body: ReadableStream<Uint8Array>, limitBytes: number, times?: RequestTimes) {
    this.body = body;
    this.reader = body.getReader();
    this.limitBytes = limitBytes;
    this.time = new TimeLimit(times);
  }

  /**
   * The next line, or null where the body ends between two lines. The payload is valid until the next read.
   * Throws GitError `bad_protocol` when the body ends within a line, or `limit_exceeded` when it is too long or too slow,
   * and BodyFailure when it breaks off.
   */
  async readPacket(): Promise<Packet | null> {
    if (!(await this.fill(PACKET_LENGTH_BYTES))) {
      if (this.held.length === 0) return null;
      throw new GitError("bad_protocol", "protocol error: the request ends within a line");
    }
    const length = parsePacketLength(this.held, 0);
    this.take(PACKET_LENGTH_BYTES);
    if (typeof length !== "number") return length;
    if (!(await this.fill(length))) {
      throw new GitError("bad_protocol", "protocol error: the request ends within a line");
    }
    return this.take(length);
  }

  /** Gives up the lines: what follows them, unread. */
  release(): BodyRest {
    this.reader.releaseLock();
    return { initial: this.held, body: this.body };
  }

  /** Reads the body to its end, as one that may hold no more bytes than the lines. Throws as readPacket does. */
  async readToEnd(): Promise<void> {
    this.take(this.held.length);
    while (await this.fill(1)) this.take(this.held.length);
  }

  /** Drops what is left of the body. */
  async cancel(): Promise<void> {
    if (!this.isOver) await this.reader.cancel();
  }

  private take(length: number): Uint8Array {
    this.takenBytes += length;
    if (this.takenBytes > this.limitBytes) {
      throw new GitError("limit_exceeded", `the request has more than ${this.limitBytes} bytes of lines`);
    }
    const taken = this.held.subarray(0, length);
    this.held = this.held.subarray(length);
    return taken;
  }

  private async read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    try {
      return await this.time.wait(readOrFail(this.reader.read()));
    } catch (error) {
      this.isOver = true;
      // Nothing more is expected of a body that stalls.
      if (error instanceof GitError) await this.reader.cancel(error);
      throw error;
    }
  }

  private async fill(length: number): Promise<boolean> {
    while (this.held.length < length) {
      const { done, value } = await this.read();
      if (done) return false;
      if (this.held.length === 0) {
        this.held = value;
      } else {
        const joined = new Uint8Array(this.held.length + value.length);
        joined.set(this.held);
        joined.set(value, this.held.length);
        this.held = joined;
      }
    }
    return true;
  }
}
