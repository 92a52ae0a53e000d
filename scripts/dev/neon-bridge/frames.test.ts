// The scanner must find the same messages however the network cuts the stream.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeStartup, encodeCString, encodeInt32, encodeMessage, FrameScanner } from "./frames.ts";

const seed = 20261121;
const message = fc.record({
  type: fc.constantFrom("Q", "P", "D", "Z", "S"),
  body: fc.uint8Array({ maxLength: 40 }),
});

function cut(bytes: Buffer, sizes: number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (let n = 0; at < bytes.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

describe("FrameScanner", () => {
  test("passes every byte on and reports each message once, wherever the stream is cut", () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), cuts, (messages, sizes) => {
        const stream = Buffer.concat(
          messages.map(({ type, body }) => encodeMessage(type, Buffer.from(body))),
        );
        const scanner = new FrameScanner();
        const results = cut(stream, sizes).map((chunk) => scanner.scan(chunk));
        expect(Buffer.concat(results.map(({ bytes }) => bytes))).toEqual(stream);
        expect(results.flatMap(({ frames }) => frames)).toEqual(
          messages.map(({ type, body }) => ({ type, firstByte: body[0] ?? -1 })),
        );
        expect(scanner.atBoundary).toBe(true);
      }),
      { seed },
    );
  });

  test("keeps a goodbye and what follows it from the server", () => {
    const query = encodeMessage("Q", encodeCString("select 1"));
    const scanner = new FrameScanner();
    const { bytes, frames } = scanner.scan(Buffer.concat([query, encodeMessage("X"), query]));
    expect(bytes).toEqual(query);
    expect(frames.map(({ type }) => type)).toEqual(["Q", "X"]);
    expect(scanner.atBoundary).toBe(true);
  });

  test("knows that it stands inside a message", () => {
    const scanner = new FrameScanner();
    scanner.scan(encodeMessage("Q", encodeCString("select 1")).subarray(0, 7));
    expect(scanner.atBoundary).toBe(false);
  });

  test("refuses a length that can't be", () => {
    const malformed = Buffer.concat([Buffer.from("Q"), encodeInt32(3)]);
    expect(() => new FrameScanner().scan(malformed)).toThrow("Malformed message");
  });
});

describe("decodeStartup", () => {
  const startup = Buffer.concat([
    encodeInt32(196608),
    ...["user", "plue", "database", "forge", ""].map(encodeCString),
  ]);
  const whole = Buffer.concat([encodeInt32(startup.length + 4), startup]);

  test("reads the parameters once the message is whole", () => {
    for (let size = 0; size < whole.length; size += 1) {
      expect(decodeStartup(whole.subarray(0, size))).toBeUndefined();
    }
    const parameters = new Map([
      ["user", "plue"],
      ["database", "forge"],
    ]);
    expect(decodeStartup(whole)).toEqual({
      startup: { kind: "startup", parameters },
      sizeBytes: whole.length,
    });
  });

  test("random bytes are understood, awaited or refused, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 64 }), (bytes) => {
        try {
          decodeStartup(Buffer.from(bytes));
        } catch (error) {
          expect(String(error)).toMatch(/Malformed startup|Unsupported protocol/);
        }
      }),
      { seed },
    );
  });
});
