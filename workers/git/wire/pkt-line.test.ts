// Lines survive the way through a body whatever its chunks are, and garbage is a GitError, never a crash.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GitError } from "../object/git-error.ts";
import { streamOf } from "../testing/ingest-bytes.ts";
import { BodyReader } from "./body-reader.ts";
import {
  decodePacketText,
  PACKET_PAYLOAD_LIMIT_BYTES,
  type Packet,
  PacketBuffer,
  parsePacketLength,
} from "./pkt-line.ts";

const seeded = { seed: 2, numRuns: 300 };

async function readAll(bytes: Uint8Array, chunkBytes: number, limitBytes = 2 ** 30): Promise<Packet[]> {
  const reader = new BodyReader(streamOf(bytes, chunkBytes), limitBytes);
  const packets: Packet[] = [];
  for (let packet = await reader.readPacket(); packet !== null; packet = await reader.readPacket()) {
    packets.push(typeof packet === "string" ? packet : packet.slice());
  }
  return packets;
}

const packetArbitrary: fc.Arbitrary<Packet> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom<Packet>("flush", "delim"),
);

describe("lines", () => {
  it("come out of a body as they were written, however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(packetArbitrary),
        fc.integer({ min: 1, max: 50 }),
        async (packets, chunkBytes) => {
          const out = new PacketBuffer(1);
          for (const packet of packets) {
            if (packet === "flush") out.flush();
            else if (packet === "delim") out.delim();
            else if (typeof packet !== "string") out.packet(packet);
          }
          expect(await readAll(out.take(), chunkBytes)).toEqual(packets);
        },
      ),
      seeded,
    );
  });

  it("that are garbage end in a GitError", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), async (bytes) => {
        try {
          await readAll(bytes, 7);
        } catch (error) {
          expect(error).toBeInstanceOf(GitError);
        }
      }),
      seeded,
    );
  });

  it("may have the longest payload and none longer", async () => {
    const out = new PacketBuffer();
    out.packet(new Uint8Array(PACKET_PAYLOAD_LIMIT_BYTES));
    expect(await readAll(out.take(), 1000)).toHaveLength(1);
    expect(() => out.packet(new Uint8Array(PACKET_PAYLOAD_LIMIT_BYTES + 1))).toThrow(RangeError);
    expect(() => parsePacketLength(Buffer.from("fff1"), 0)).toThrow("bad line length 65521");
  });

  it("have a length of four digits in either case, and no length below four but the special ones", () => {
    expect(parsePacketLength(Buffer.from("00Af"), 0)).toBe(0xaf - 4);
    expect(parsePacketLength(Buffer.from("0002"), 0)).toBe("response-end");
    expect(() => parsePacketLength(Buffer.from("0003"), 0)).toThrow("bad line length 3");
    for (const digits of ["PACK", "00 4", "-001", "00g0"]) {
      expect(() => parsePacketLength(Buffer.from(digits), 0)).toThrow("bad line length character");
    }
  });

  it("that a body cuts short are an error", async () => {
    await expect(readAll(Buffer.from("0008ab"), 3)).rejects.toThrow("ends within a line");
    await expect(readAll(Buffer.from("00"), 3)).rejects.toThrow("ends within a line");
  });

  it("are text with or without a line feed, in UTF-8 only", () => {
    expect(decodePacketText(Buffer.from("want\n"))).toBe("want");
    expect(decodePacketText(Buffer.from("want"))).toBe("want");
    expect(() => decodePacketText(Buffer.from([0xff]))).toThrow("not UTF-8");
  });
});

describe("a body", () => {
  it("gives what follows the lines on, held bytes and stream", async () => {
    const out = new PacketBuffer();
    out.line("command");
    out.flush();
    const reader = new BodyReader(
      streamOf(Buffer.concat([out.take(), Buffer.from("PACK and the rest")]), 18),
      100,
    );
    await reader.readPacket();
    await reader.readPacket();
    const { initial, body } = reader.release();
    const parts = [Buffer.from(initial)];
    for await (const chunk of body) parts.push(Buffer.from(chunk));
    expect(Buffer.concat(parts).toString()).toBe("PACK and the rest");
  });

  it("may have as many bytes of lines as the limit, and none more", async () => {
    const out = new PacketBuffer();
    out.packet(new Uint8Array(16));
    const bytes = out.take();
    expect(await readAll(bytes, 5, 20)).toHaveLength(1);
    await expect(readAll(bytes, 5, 19)).rejects.toThrow("more than 19 bytes of lines");
  });
});
