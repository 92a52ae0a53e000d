// Patterns of filters, by GitHub's grammar, and what the worst of them cost.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FILTER_PATTERN_CHARACTERS_MAX } from "../core/limits.ts";
import { compilePattern, countSteps, matchPattern } from "./filter-pattern.ts";

const matches = (pattern: string, name: string) => matchPattern(compilePattern(pattern), name);

describe("matchPattern", () => {
  it.each<[string, string, boolean]>([
    ["feature/*", "feature/a", true],
    ["feature/*", "feature/a/b", false],
    ["feature/**", "feature/a/b", true],
    ["*", "a/b", false],
    ["**", "a/b", true],
    ["***", "a/b", true],
    ["v[12].[0-9]+", "v1.10", true],
    ["v[12].[0-9]+", "v3.1", false],
    ["v[12].[0-9]+.[0-9]+", "v2.0.0", true],
    ["*.jsx?", "page.js", true],
    ["*.jsx?", "page.jsx", true],
    ["main?", "mai", true],
    ["main+", "mainnn", true],
    ["ab+?c", "ac", true],
    ["a\\*b", "a*b", true],
    ["a\\*b", "axb", false],
    ["[[]", "[", true],
    ["[a", "[a", true],
    ["[]a]", "]", true],
    ["[a-]", "-", true],
    ["[z-a]", "m", false],
    ["?", "?", true],
    ["+", "+", true],
    ["a\\", "a\\", true],
    ["", "", true],
    ["", "a", false],
    ["a.c", "abc", false],
  ])("%s on %s: %s", (pattern, name, expected) => {
    expect(matches(pattern, name)).toBe(expected);
  });

  it("agrees with a regular expression on whatever pattern and name", () => {
    const part = fc.constantFrom("a", "b", "/", "*", "**", "[ab]", "[a-c]", ".", "a?", "b+", "*?");
    const patterns = fc.array(part, { maxLength: 7 }).map((parts) => parts.join(""));
    const names = fc
      .array(fc.constantFrom("a", "b", "c", "/", "."), { maxLength: 8 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(patterns, names, (pattern, name) => {
        expect(matches(pattern, name)).toBe(toRegExp(pattern).test(name));
      }),
      { seed: 20261201, numRuns: 5_000 },
    );
  });
});

function toRegExp(pattern: string): RegExp {
  const source = pattern.replace(/\*\*|\*\?|\*|\./g, (part) => {
    if (part === "**") return "(?:.*)";
    if (part === ".") return "\\.";
    return "(?:[^/]*)";
  });
  return new RegExp(`^(?:${source})$`, "s");
}

describe("the worst case", () => {
  const hostile = ["**", "*a", "a?", "**a", "a+", "[a-z]+", "*?", "?", "[", "\\", "[a", "(a+)+"];

  it.each(hostile)("of %s repeated ends, and throws nothing, at any length", (part) => {
    for (const length of [300, FILTER_PATTERN_CHARACTERS_MAX, 40_000]) {
      const pattern = compilePattern(part.repeat(Math.ceil(length / part.length)));
      expect(pattern.tokens.length).toBeLessThanOrEqual(length + part.length);
      expect(matchPattern(pattern, "a".repeat(50))).toEqual(expect.any(Boolean));
    }
  });

  it("asks each token about each character once at most", () => {
    let asked = 0;
    const { tokens } = compilePattern("**a".repeat(100));
    const counted = tokens.map((token) => ({
      ...token,
      matches: (character: string) => {
        asked++;
        return token.matches(character);
      },
    }));
    const pattern = { isNegated: false, tokens: counted };
    const name = `${"a".repeat(250)}b`;
    expect(matchPattern(pattern, name)).toBe(false);
    expect(asked).toBeLessThanOrEqual(countSteps(pattern, name));
  });
});
