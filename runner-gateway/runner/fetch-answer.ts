// Reads a server's answer to a fetch of protocol version 2 as it streams: pkt-lines, sections, side bands.
// @see https://git-scm.com/docs/protocol-v2#_fetch and https://git-scm.com/docs/gitprotocol-common#_pkt_line_format

/** What a piece of the answer is; `pack` comes in order, and `shallow` before it. */
export type FetchPiece =
  | { kind: "pack"; bytes: Buffer }
  | { kind: "shallow"; oid: string }
  | { kind: "progress"; text: string };

/** The server understood the fetch and won't serve it; asking again soon doesn't change that. */
export class FetchRefusedError extends Error {}

const HEADER_BYTES = 4;
const PACKET_BYTES_MAX = 65_520;
const FLUSH = 0;
const DELIMITER = 1;
const RESPONSE_END = 2;

/**
 * The pieces of the answer whose bytes are `chunks`.
 * @throws FetchRefusedError with the server's own words when it refuses; Error when the answer is cut or makes no sense.
 */
export async function* readFetchAnswer(chunks: AsyncIterable<Buffer>): AsyncGenerator<FetchPiece> {
  let section: string | null = null;
  let hasPack = false;
  for await (const packet of readPackets(chunks)) {
    if (packet === FLUSH) {
      if (!hasPack) throw new Error("the server sent no pack");
      return;
    }
    if (packet === DELIMITER) {
      section = null;
      continue;
    }
    if (section === "packfile") {
      const piece = readBand(packet);
      hasPack ||= piece.kind === "pack";
      yield piece;
      continue;
    }
    const text = packet.toString("utf8").replace(/\n$/, "");
    if (text.startsWith("ERR ")) throw new FetchRefusedError(text.slice("ERR ".length));
    if (section === null) section = text;
    else if (section === "shallow-info" && text.startsWith("shallow ")) {
      yield { kind: "shallow", oid: text.slice("shallow ".length) };
    }
  }
  throw new Error("the server's answer ended too early");
}

function readBand(packet: Buffer): FetchPiece {
  const rest = packet.subarray(1);
  if (packet[0] === 1) return { kind: "pack", bytes: rest };
  if (packet[0] === 2) return { kind: "progress", text: rest.toString("utf8") };
  throw new Error(packet[0] === 3 ? rest.toString("utf8").trim() : "the server used an unknown side band");
}

async function* readPackets(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer | typeof FLUSH | typeof DELIMITER> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let at = 0;
    while (held.length - at >= HEADER_BYTES) {
      const length = readLength(held.toString("latin1", at, at + HEADER_BYTES));
      if (length === FLUSH || length === DELIMITER) {
        yield length;
        at += HEADER_BYTES;
        continue;
      }
      if (held.length - at < length) break;
      yield held.subarray(at + HEADER_BYTES, at + length);
      at += length;
    }
    held = held.subarray(at);
  }
  if (held.length > 0) throw new Error("the server's answer ended within a line");
}

function readLength(header: string): number {
  const length = /^[0-9a-f]{4}$/i.test(header) ? Number.parseInt(header, 16) : Number.NaN;
  if (length === FLUSH || length === DELIMITER) return length;
  if (length > HEADER_BYTES && length <= PACKET_BYTES_MAX && length !== RESPONSE_END) return length;
  throw new Error("the server's answer isn't made of pkt-lines");
}
