// The inflater against zlib: the same output, the same count of input, the same verdict on corrupt streams.
import { constants, deflateRawSync, deflateSync, inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GitError } from "../object/git-error.ts";
import { createRandom } from "../testing/seeded-history.ts";
import { updateAdler32 } from "./adler32.ts";
import { Inflater, OUTPUT_SLACK_BYTES } from "./inflate.ts";
import { inflateInPieces, SourceWindow } from "./inflate-object.ts";
import { createMemorySource } from "./range-source.ts";

const inflater = new Inflater();

type Outcome = { output: Buffer; used: number } | string;

/** Inflates with the input given in steps of random lengths. */
function inflate(input: Uint8Array, size: number, step: () => number): Outcome {
  const output = new Uint8Array(size + OUTPUT_SLACK_BYTES);
  inflater.start();
  let end = 0;
  let at = 0;
  let pos = 0;
  for (;;) {
    end = Math.min(end + step(), input.length);
    const status = inflater.run(input, pos, end, output, at, 0, size);
    at = inflater.outPos;
    pos = inflater.inPos;
    if (status === "done") return { output: Buffer.from(output.subarray(0, at)), used: pos };
    if (status === "need_output" || end === input.length) return status;
  }
}

/** What zlib makes of it; null when it refuses. */
function inflateByZlib(input: Uint8Array): { output: Buffer; used: number } | null {
  try {
    const result: unknown = inflateSync(input, { info: true });
    if (typeof result !== "object" || result === null || !("buffer" in result) || !("engine" in result))
      return null;
    const { buffer, engine } = result;
    if (
      !Buffer.isBuffer(buffer) ||
      typeof engine !== "object" ||
      engine === null ||
      !("bytesWritten" in engine)
    )
      return null;
    return { output: Buffer.from(buffer), used: Number(engine.bytesWritten) };
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

/** Content as repositories hold it: text, noise, few symbols, runs. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc
    .array(fc.constantFrom("the ", "a ", "function ", "\n", "return ", "x"), { maxLength: 1500 })
    .map((words) => Buffer.from(words.join(""))),
  fc.array(fc.nat({ max: 3 }), { maxLength: 3000 }).map((bytes) => Uint8Array.from(bytes)),
  fc
    .array(fc.tuple(fc.nat({ max: 255 }), fc.nat({ max: 400 })), { maxLength: 20 })
    .map((runs) => Buffer.concat(runs.map(([byte, length]) => Buffer.alloc(length, byte)))),
);

const options = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  memLevel: fc.integer({ min: 1, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FILTERED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
    constants.Z_FIXED,
  ),
});

describe("a valid stream", () => {
  it("gives what was compressed, at whatever level, however it comes, and leaves what follows", () => {
    fc.assert(
      fc.property(content, options, fc.nat({ max: 30 }), fc.nat(), (bytes, how, tail, seed) => {
        const stream = deflateSync(bytes, how);
        const random = createRandom(seed);
        const whole = Buffer.concat([stream, Buffer.alloc(tail, 0x5a)]);
        const expected = { output: Buffer.from(bytes), used: stream.length };
        expect(inflate(whole, bytes.length, () => whole.length)).toEqual(expected);
        expect(inflate(whole, bytes.length, () => 1 + Math.floor(random() * 40))).toEqual(expected);
        expect(inflate(whole, bytes.length, () => 1)).toEqual(expected);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("that is larger than it should be stops soon after", () => {
    const stream = deflateSync(Buffer.alloc(1_000_000, "abc"));
    expect(inflate(stream, 100, () => stream.length)).toBe("need_output");
  });

  it("of any size is seen in pieces", async () => {
    const random = createRandom(9);
    const bytes = Buffer.from(
      Array.from({ length: 900_000 }, (_, i) => (i % 7 === 0 ? random() * 256 : i >> 12)),
    );
    for (const level of [0, 1, 6, 9]) {
      const stream = deflateSync(bytes, { level });
      const window = new SourceWindow(createMemorySource(stream), 0, stream.length, 10_000);
      const pieces: Uint8Array[] = [];
      await inflateInPieces(inflater, window, bytes.length, (piece) => {
        pieces.push(new Uint8Array(piece));
      });
      expect(bytes.equals(Buffer.concat(pieces))).toBe(true);
    }
  });
});

describe("a corrupt stream", () => {
  it("is refused exactly when zlib refuses it", () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        content.filter((bytes) => bytes.length < 600),
        options,
        fc.array(fc.tuple(fc.nat({ max: 9999 }), fc.nat({ max: 7 })), { minLength: 1, maxLength: 3 }),
        (bytes, how, flips) => {
          // Without a checksum at the end more of the damage is for the inflater itself to see.
          const raw = deflateRawSync(bytes, how);
          for (const [at, bit] of flips) raw[Math.floor((at * raw.length) / 10_000)]! ^= 1 << bit;
          compare(withChecksum(raw));
        },
      ),
      { seed: 2, numRuns: 4000 },
    );
    expect(accepted).toBeGreaterThan(100);

    function compare(stream: Uint8Array): void {
      const expected = inflateByZlib(stream);
      const ours = judge(stream);
      if (expected === null) expect(typeof ours).toBe("string");
      else expect(ours).toEqual(expected);
      if (expected !== null) accepted++;
    }
  });

  it("of random bits is refused exactly when zlib refuses it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bits) => {
        const stream = withChecksum(bits);
        const expected = inflateByZlib(stream);
        if (expected === null) expect(typeof judge(stream)).toBe("string");
        else expect(judge(stream)).toEqual(expected);
      }),
      { seed: 3, numRuns: 4000 },
    );
  });

  it("that is cut short wants more input, wherever it is cut", () => {
    const stream = deflateSync(Buffer.from("some text that repeats, some text that repeats: ".repeat(20)), {
      level: 9,
    });
    for (let end = 0; end < stream.length; end++) {
      expect(inflate(stream.subarray(0, end), 5000, () => 1000)).toBe("need_input");
    }
  });

  function judge(stream: Uint8Array): Outcome {
    try {
      return inflate(stream, 200_000, () => stream.length);
    } catch (error) {
      if (error instanceof GitError) return error.message;
      throw error;
    }
  }

  /** A zlib stream of raw deflate data, with the checksum of whatever comes out of it. */
  function withChecksum(raw: Uint8Array): Uint8Array {
    const output = new Uint8Array(200_000 + OUTPUT_SLACK_BYTES);
    const probe = Buffer.concat([Buffer.of(0x78, 0x9c), raw]);
    inflater.start();
    try {
      inflater.run(probe, 0, probe.length, output, 0, 0, 200_000);
    } catch (error) {
      if (!(error instanceof GitError)) throw error;
      return probe;
    }
    const trailer = Buffer.alloc(4);
    trailer.writeInt32BE(updateAdler32(1, output, 0, inflater.outPos));
    return Buffer.concat([probe.subarray(0, inflater.inPos), trailer, probe.subarray(inflater.inPos)]);
  }
});

describe("the checksum of a stream", () => {
  /** As RFC 1950 defines it, byte by byte. */
  function sumPlainly(adler: number, bytes: Uint8Array): number {
    let low = adler & 0xffff;
    let high = adler >>> 16;
    for (const byte of bytes) {
      low = (low + byte) % 65521;
      high = (high + low) % 65521;
    }
    return (high << 16) | low;
  }

  const begun = fc
    .tuple(fc.nat({ max: 65520 }), fc.nat({ max: 65520 }))
    .map(([low, high]) => (high << 16) | low);
  const memory = Uint8Array.from({ length: 9000 }, (_, at) => (Math.imul(at, 2654435761) >>> 13) & 0xff);

  it("is that of the RFC, wherever in memory the bytes lie", () => {
    fc.assert(
      fc.property(
        begun,
        fc.nat({ max: 8 }),
        fc.nat({ max: 4000 }),
        fc.nat({ max: 4990 }),
        (adler, view, start, length) => {
          const bytes = memory.subarray(view);
          const expected = sumPlainly(adler, bytes.subarray(start, start + length));
          expect(updateAdler32(adler, bytes, start, start + length)).toBe(expected);
        },
      ),
      { seed: 9, numRuns: 1000 },
    );
  });

  it.each([0, 1, 254, 255])("doesn't overflow on many bytes of %i", (byte) => {
    const bytes = new Uint8Array(70_003).fill(byte);
    const adler = (65520 << 16) | 65520;
    for (const length of [1023, 1024, 1025, 1551, 65_536, 70_000]) {
      const expected = sumPlainly(adler, bytes.subarray(3, 3 + length));
      expect(updateAdler32(adler, bytes, 3, 3 + length)).toBe(expected);
    }
  });
});
