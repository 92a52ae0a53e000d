// The reader of messages takes what the grammar allows, to the letter, and nothing makes it fail.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSigningKey } from "./testing/signing-key.ts";
import { parseMessage, writeMessage } from "./wallet-message.ts";

const letters = (alphabet: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });
const WORDS = "abcxyzABCXYZ0189";
const time = fc
  .date({ min: new Date("1970-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
  .map((date) => date.toISOString());
const addresses = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .filter((bytes) => bytes.some((byte) => byte !== 0) && bytes[0] !== 0xff)
  .map((secret) => createSigningKey(secret).address);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const fields = fc.record({
  scheme: optional(fc.constantFrom("http", "https")),
  domain: fc.constantFrom("plue.test", "localhost:4000", "127.0.0.1", "[::1]:80", "a.b-c.example"),
  address: addresses,
  statement: optional(letters(`${WORDS} .,:/?#[]@!$&'()*+;=-_~`, 1, 60)),
  uri: fc.constantFrom("https://plue.test/login", "http://localhost:4000/a?b=c#d", "urn:a:b"),
  version: fc.constant("1"),
  chainId: fc.nat(),
  nonce: letters(WORDS, 8, 40),
  issuedAt: time,
  expirationTime: optional(time),
  notBefore: optional(time),
  requestId: optional(letters(`${WORDS}-._~`, 0, 20)),
  resources: optional(fc.array(fc.constantFrom("https://a.test/b", "ipfs://Qm", "urn:c"), { maxLength: 3 })),
});

describe("parseMessage", () => {
  it("reads back whatever is written", () => {
    fc.assert(
      fc.property(fields, (given) => {
        expect(parseMessage(writeMessage(given))).toMatchObject(JSON.parse(JSON.stringify(given)));
      }),
      { seed: 4361, numRuns: 100 },
    );
  });

  it.each([
    ["of small letters only", "0xf6df5911a5ab7636928927389629f18439015701"],
    ["of capitals only", "0x6795E78131D6E23057588DF1266544124363EE69"],
    ["of digits only", `0x${"1234567890".repeat(4)}`],
  ])("takes an address whose checksum is %s, and no other writing of it", (_what, address) => {
    const text = writeMessage({
      ...{ domain: "plue.test", uri: "http://plue.test/login", version: "1", chainId: 1, nonce: "abcdefgh" },
      ...{ address, issuedAt: "2026-01-01T00:00:00.000Z" },
    });
    expect(parseMessage(text)).toMatchObject({ address });
    const digits = address.slice(2);
    for (const other of [digits.toLowerCase(), digits.toUpperCase()].filter(
      (written) => written !== digits,
    )) {
      expect(parseMessage(text.replace(digits, other))).toBeUndefined();
    }
  });

  it("takes a text that was meddled with only where it says exactly what is read from it", () => {
    const meddling = fc.tuple(fc.nat(600), fc.nat(3), fc.string({ unit: "binary", maxLength: 3 }));
    fc.assert(
      fc.property(fields, meddling, (given, [at, dropped, added]) => {
        const text = writeMessage(given);
        const altered = text.slice(0, at) + added + text.slice(at + dropped);
        const read = parseMessage(altered);
        expect(read === undefined ? altered : writeMessage(read)).toBe(altered);
      }),
      { seed: 4361, numRuns: 300 },
    );
  });

  it("has no answer but no to noise", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => parseMessage(text) === undefined),
      { seed: 4361 },
    );
  });

  it("reads no more than any site would write", () => {
    const long = (length: number) =>
      writeMessage({
        ...{ domain: "plue.test", address: createSigningKey().address, uri: "https://plue.test/login" },
        ...{ version: "1", chainId: 1, nonce: "abcdefgh", issuedAt: "2026-11-21T08:00:00Z" },
        statement: "a".repeat(length),
      });
    const rest = long(1).length - 1;
    expect(parseMessage(long(4_000 - rest))).toBeDefined();
    expect(parseMessage(long(4_001 - rest))).toBeUndefined();
  });
});
