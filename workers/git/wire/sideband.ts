// The three bands of a response (gitprotocol-pack, "Packfile Data"): data, progress, and a last word before the end.
// Frames are laid out in big pieces, because each write costs far more than the bytes in it.
import { showLine } from "../../../schema/terminal-text.ts";
import type { ByteSink } from "./byte-sink.ts";
import {
  PACKET_LENGTH_BYTES,
  PACKET_PAYLOAD_LIMIT_BYTES,
  PacketBuffer,
  writePacketLength,
} from "./pkt-line.ts";

const DATA_BAND = 1;
const PROGRESS_BAND = 2;
const FATAL_BAND = 3;

/** `side-band-64k` allows whole lines, `side-band` lines of 1,000 bytes; "none" sends the data bare. */
export type SidebandKind = "64k" | "1k" | "none";

const FRAME_HEADER_BYTES = PACKET_LENGTH_BYTES + 1;
const PAYLOAD_BYTES: Readonly<Record<SidebandKind, number>> = {
  "64k": PACKET_PAYLOAD_LIMIT_BYTES - 1,
  "1k": 1000 - FRAME_HEADER_BYTES,
  none: 0,
};
/** Bytes sent in one write; two such buffers are in use at a time. */
const PIECE_BYTES = 512 * 1024;

const encoder = new TextEncoder();

/** Lines that are in bands themselves (gitprotocol-v2, `sideband-all`): each payload begins with its band. */
export class BandedPacketBuffer extends PacketBuffer {
  override packet(payload: Uint8Array): void {
    this.banded(DATA_BAND, payload);
  }

  /** Says what ended the request. */
  fatal(text: string): void {
    this.banded(FATAL_BAND, encoder.encode(showLine(text)));
  }

  private banded(band: number, payload: Uint8Array): void {
    const banded = new Uint8Array(payload.length + 1);
    banded[0] = band;
    banded.set(payload, 1);
    super.packet(banded);
  }
}

export class SidebandWriter implements ByteSink {
  private readonly sink: ByteSink;
  private readonly kind: SidebandKind;
  private readonly payloadBytes: number;
  private buffer = new Uint8Array(PIECE_BYTES);
  private spare = new Uint8Array(PIECE_BYTES);
  private used = 0;
  /** Where the open data frame begins, or -1. */
  private frameAt = -1;
  private writing: Promise<void> = Promise.resolve();
  /** Resolves when those who called before are done: what two callers say doesn't mix. */
  private turn: Promise<void> = Promise.resolve();

  constructor(sink: ByteSink, kind: SidebandKind) {
    this.sink = sink;
    this.kind = kind;
    this.payloadBytes = PAYLOAD_BYTES[kind];
  }

  /** Appends data to band 1. */
  write(bytes: Uint8Array): Promise<void> {
    return this.inTurn(() => this.append(bytes));
  }

  /**
   * Says a line to the person, at once. What isn't safe to print in it is escaped.
   * @param end what follows the line: a carriage return where the next line is to take its place
   */
  progress(line: string, end: "\n" | "\r" = "\n"): Promise<void> {
    return this.inTurn(() => this.say(PROGRESS_BAND, encoder.encode(showLine(line) + end)));
  }

  /** Says in a line what ended the request; git's client gives up on reading it. */
  fatal(line: string): Promise<void> {
    return this.inTurn(() => this.say(FATAL_BAND, encoder.encode(`${showLine(line)}\n`)));
  }

  /** Keeps the connection alive with a frame that holds nothing. */
  keepAlive(): Promise<void> {
    return this.inTurn(async () => {
      if (this.kind === "none") return;
      await this.reserve(FRAME_HEADER_BYTES);
      this.frame(PROGRESS_BAND, new Uint8Array(0));
      await this.send();
    });
  }

  /** Sends all that is held and, unless the data is bare, the flush line that ends the bands. */
  end(): Promise<void> {
    return this.inTurn(async () => {
      if (this.kind !== "none") {
        await this.reserve(PACKET_LENGTH_BYTES);
        encoder.encodeInto("0000", this.buffer.subarray(this.used));
        this.used += PACKET_LENGTH_BYTES;
      }
      await this.send();
      await this.writing;
    });
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.turn.then(work);
    this.turn = done.catch(thrownToCaller);
    return done;
  }

  private async append(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      if (this.used + FRAME_HEADER_BYTES >= PIECE_BYTES) await this.send();
      const space = this.openFrame();
      const length = Math.min(space, bytes.length - at);
      this.buffer.set(bytes.subarray(at, at + length), this.used);
      this.used += length;
      at += length;
      if (length === space) this.closeFrame();
    }
  }

  private async say(band: number, bytes: Uint8Array): Promise<void> {
    if (this.kind === "none") return;
    for (let at = 0; at < bytes.length; at += this.payloadBytes) {
      const payload = bytes.subarray(at, at + this.payloadBytes);
      await this.reserve(FRAME_HEADER_BYTES + payload.length);
      this.frame(band, payload);
    }
    await this.send();
  }

  private frame(band: number, payload: Uint8Array): void {
    writePacketLength(this.buffer, this.used, payload.length + 1);
    this.buffer[this.used + PACKET_LENGTH_BYTES] = band;
    this.buffer.set(payload, this.used + FRAME_HEADER_BYTES);
    this.used += FRAME_HEADER_BYTES + payload.length;
  }

  private async reserve(moreBytes: number): Promise<void> {
    this.closeFrame();
    if (this.used + moreBytes > PIECE_BYTES) await this.send();
  }

  /** Opens a data frame where none is open; how many bytes still fit it. */
  private openFrame(): number {
    if (this.kind === "none") return PIECE_BYTES - this.used;
    if (this.frameAt < 0) {
      this.frameAt = this.used;
      this.used += FRAME_HEADER_BYTES;
    }
    const frameLeft = this.payloadBytes - (this.used - this.frameAt - FRAME_HEADER_BYTES);
    return Math.min(frameLeft, PIECE_BYTES - this.used);
  }

  private closeFrame(): void {
    if (this.frameAt < 0) return;
    writePacketLength(this.buffer, this.frameAt, this.used - this.frameAt - PACKET_LENGTH_BYTES);
    this.buffer[this.frameAt + PACKET_LENGTH_BYTES] = DATA_BAND;
    this.frameAt = -1;
  }

  // One write is under way while the other buffer is filled.
  private async send(): Promise<void> {
    this.closeFrame();
    if (this.used === 0) return;
    await this.writing;
    const piece = this.buffer.subarray(0, this.used);
    this.buffer = this.spare;
    this.spare = new Uint8Array(piece.buffer);
    this.used = 0;
    this.writing = this.sink.write(piece);
    // Thrown where the promise is awaited: by the next send, or by end().
    this.writing.catch(thrownToCaller);
  }
}

// A failure reaches whoever awaits the promise itself; here it only keeps the next in line from waiting for ever.
const thrownToCaller = (): undefined => undefined;
