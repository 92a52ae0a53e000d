// How a push ended (gitprotocol-pack, "Report Status"): whether the pack was taken, and each ref's fate.
import { showLine } from "../../../schema/terminal-text.ts";
import { PACKET_PAYLOAD_LIMIT_BYTES, PacketBuffer } from "./pkt-line.ts";

export interface RefReport {
  readonly name: string;
  /** The name as it was sent, where that isn't UTF-8. */
  readonly rawName?: Uint8Array;
  /** Why the ref didn't move; null when it did. */
  readonly refusal: string | null;
}

// A reason is one line; git shows it in parentheses after the ref.
const REASON_CHARACTERS = Math.floor(PACKET_PAYLOAD_LIMIT_BYTES / 32);

/** The report's lines with the flush that ends them. @param unpackError null when the pack was taken */
export function formatReport(
  unpackError: string | null,
  refs: readonly RefReport[],
): Uint8Array<ArrayBuffer> {
  const out = new PacketBuffer();
  out.line(`unpack ${unpackError === null ? "ok" : oneLine(unpackError)}`);
  for (const { name, rawName, refusal } of refs) {
    const [word, reason] = refusal === null ? ["ok ", "\n"] : ["ng ", ` ${oneLine(refusal)}\n`];
    out.packet(Buffer.concat([Buffer.from(word), rawName ?? Buffer.from(name), Buffer.from(reason)]));
  }
  out.flush();
  return out.take();
}

function oneLine(text: string): string {
  return showLine(text.replace(/\s+/g, " ")).slice(0, REASON_CHARACTERS);
}
