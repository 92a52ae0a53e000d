// Tokens are recognised by their look, and a changed one isn't.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createToken, hashSecret, isWellFormedToken, randomBase62 } from "./token.ts";

describe("createToken", () => {
  it("makes a token that is recognised, never the same one twice", () => {
    const tokens = Array.from({ length: 200 }, () => createToken("plue_"));
    expect(tokens.every(isWellFormedToken)).toBe(true);
    expect(tokens.every((token) => /^plue_[0-9A-Za-z]{36}$/.test(token))).toBe(true);
    expect(new Set(tokens).size).toBe(200);
    expect(isWellFormedToken(createToken("plue_run_"))).toBe(true);
    expect(isWellFormedToken(createToken("plue_deploy_"))).toBe(true);
  });
});

describe("isWellFormedToken", () => {
  it("has a checksum that is the CRC-32 of the rest, in base62", () => {
    // Worked out with zlib's crc32.
    expect(isWellFormedToken(`plue_${"0".repeat(30)}07oZeE`)).toBe(true);
  });
  it("refuses a token with any one character changed", () => {
    const token = createToken("plue_");
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: token.length - 1 }),
        fc.constantFrom(..."0aZ_-é"),
        (at, character) => {
          fc.pre(token[at] !== character);
          expect(isWellFormedToken(token.slice(0, at) + character + token.slice(at + 1))).toBe(false);
        },
      ),
      { seed: 20261121 },
    );
  });
  it.each(["", "plue_", "ghp_abc", `plue_${"a".repeat(37)}`])("refuses %j", (text) => {
    expect(isWellFormedToken(text)).toBe(false);
  });
});

describe("randomBase62", () => {
  it("draws every character about equally often", () => {
    const counts = new Map<string, number>();
    for (const character of randomBase62(62_000)) counts.set(character, (counts.get(character) ?? 0) + 1);
    expect(counts.size).toBe(62);
    // Six standard deviations of a binomial with mean 1,000.
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(190);
  });
});

describe("hashSecret", () => {
  it("is SHA-256 in hex", async () => {
    expect(await hashSecret("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
