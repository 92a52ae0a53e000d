// Bands come apart again at the other end, whatever was written between, in few writes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { showLine } from "../../../schema/terminal-text.ts";
import { parsePacketLength } from "./pkt-line.ts";
import { type SidebandKind, SidebandWriter } from "./sideband.ts";

class Collector {
  readonly parts: Uint8Array[] = [];
  async write(bytes: Uint8Array): Promise<void> {
    const taken = bytes.slice();
    // What was handed over may be reused only when this is settled.
    await Promise.resolve();
    this.parts.push(taken);
  }
}

function split(bytes: Uint8Array): { bands: Map<number, string>; longest: number; isEnded: boolean } {
  const bands = new Map<number, string>();
  let longest = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = parsePacketLength(bytes, at);
    if (length === "flush") return { bands, longest, isEnded: at + 4 === bytes.length };
    if (typeof length === "string") throw new Error(`a ${length} line`);
    longest = Math.max(longest, length + 4);
    const band = bytes[at + 4]!;
    const text = Buffer.from(bytes.subarray(at + 5, at + 4 + length)).toString("latin1");
    bands.set(band, (bands.get(band) ?? "") + text);
    at += 4 + length;
  }
  return { bands, longest, isEnded: false };
}

async function send(kind: SidebandKind, work: (out: SidebandWriter) => Promise<unknown>): Promise<Collector> {
  const collector = new Collector();
  const out = new SidebandWriter(collector, kind);
  await work(out);
  await out.end();
  return collector;
}

describe("sideband", () => {
  it("keeps data, progress and failure apart, in order", async () => {
    const written = fc.array(
      fc.tuple(fc.constantFrom(1, 2), fc.string({ unit: "binary-ascii", maxLength: 3000 })),
    );
    await fc.assert(
      fc.asyncProperty(written, fc.constantFrom<SidebandKind>("64k", "1k"), async (messages, kind) => {
        const { parts } = await send(kind, (out) =>
          Promise.all(
            messages.map(([band, text]) => (band === 1 ? out.write(Buffer.from(text)) : out.progress(text))),
          ),
        );
        const { bands, longest, isEnded } = split(Buffer.concat(parts));
        for (const band of [1, 2]) {
          const expected = messages
            .filter(([one]) => one === band)
            .map(([, text]) => (band === 1 ? text : `${showLine(text)}\n`))
            .join("");
          expect(bands.get(band) ?? "").toBe(expected);
        }
        expect(longest).toBeLessThanOrEqual(kind === "64k" ? 65_520 : 1000);
        expect(isEnded).toBe(true);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it("sends megabytes in full frames and few writes", async () => {
    const data = Buffer.alloc(3_000_000, "abcdefg");
    const { parts } = await send("64k", async (out) => {
      for (let at = 0; at < data.length; at += 100_001) await out.write(data.subarray(at, at + 100_001));
    });
    expect(parts.length).toBeLessThan(8);
    const { bands, longest } = split(Buffer.concat(parts));
    expect(longest).toBe(65_520);
    expect(bands.get(1)).toBe(data.toString("latin1"));
  });

  it("says what ended the request on the third band", async () => {
    const { parts } = await send("64k", (out) => out.fatal("no more"));
    expect(split(Buffer.concat(parts)).bands).toEqual(new Map([[3, "no more\n"]]));
  });

  it("keeps a connection alive with an empty frame between data", async () => {
    const { parts } = await send("64k", async (out) => {
      await out.write(Buffer.from("ab"));
      await out.keepAlive();
      await out.write(Buffer.from("cd"));
    });
    expect(split(Buffer.concat(parts)).bands).toEqual(
      new Map([
        [1, "abcd"],
        [2, ""],
      ]),
    );
  });

  it("is bare data where the client knows no bands", async () => {
    const { parts } = await send("none", async (out) => {
      await out.progress("not heard");
      await out.write(Buffer.from("PACK"));
      await out.keepAlive();
    });
    expect(Buffer.concat(parts).toString()).toBe("PACK");
  });

  it("throws to the one who writes when nobody takes the bytes any more", async () => {
    const out = new SidebandWriter({ write: () => Promise.reject(new Error("gone")) }, "64k");
    await out.write(Buffer.from("a"));
    await expect(out.end()).rejects.toThrow("gone");
  });
});
