// Names of any bytes go to text and back, and text that is UTF-8 stays as it is.
import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeEntryName, encodeEntryName } from "./entry-name.ts";

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));

it("any bytes are found again", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.string({ unit: "binary", maxLength: 4 }).map((text) => new TextEncoder().encode(text)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const name = Uint8Array.from(pieces.flatMap((one) => [...one]));
      expect(encodeEntryName(decodeEntryName(name))).toEqual(name);
    }),
    { seed: 3, numRuns: 3000 },
  );
});

it("UTF-8 is its text, and nothing else is", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 8 }), (name) => {
      const text = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(name);
      const isUtf8 = Buffer.from(new TextEncoder().encode(text)).equals(name);
      expect(decodeEntryName(name) === text).toBe(isUtf8);
    }),
    { seed: 4, numRuns: 3000 },
  );
});

it.each([
  ["636166e9", "caf\udce9"],
  ["636166c3a9", "café"],
  ["efbbbf61", "\ufeff" + "a"],
  ["eda080", "\udced\udca0\udc80"],
  ["c080", "\udcc0\udc80"],
  ["f09f9880ff", "😀\udcff"],
  ["f4908080", "\udcf4\udc90\udc80\udc80"],
  ["e282", "\udce2\udc82"],
  ["610a62", "a\nb"],
  ["", ""],
])("%s", (hex, text) => {
  expect(decodeEntryName(bytes(hex))).toBe(text);
  expect(encodeEntryName(text)).toEqual(bytes(hex));
});
