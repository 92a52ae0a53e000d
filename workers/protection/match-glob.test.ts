// Globs, against a table and against regular expressions.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGlob, countGlobSteps, findPatternProblem, isExact, matchGlob } from "./match-glob.ts";

describe("matchGlob", () => {
  it.each([
    ["main", "main", true],
    ["main", "mainly", false],
    ["main", "Main", false],
    ["*", "main", true],
    ["*", "feature/x", false],
    ["**", "feature/x", true],
    ["release/*", "release/1.0", true],
    ["release/*", "release/1/0", false],
    ["release/*", "release", false],
    ["release/**", "release/1/0", true],
    ["release/**/*", "release/1", true],
    ["**/main", "main", true],
    ["**/main", "a/b/main", true],
    ["**/main", "a/domain", false],
    ["v?", "v1", true],
    ["v?", "v10", false],
    ["a?b", "a/b", false],
    ["a**b", "a/x/b", true],
    ["docs/**/*.md", "docs/a/b.md", true],
    ["docs/**/*.md", "docs/b.md", true],
    ["docs/**/*.md", "docs/b.txt", false],
    ["?", "é", true],
    ["?", "😀", true],
    ["a.b", "axb", false],
    ["[a]", "a", false],
    ["", "", true],
  ])("%s and %s: %s", (pattern, text, expected) => {
    expect(matchGlob(pattern, text)).toBe(expected);
  });

  it("agrees with a regular expression on whatever pattern and name", () => {
    const words = fc
      .array(fc.constantFrom("a", "b", "/", "*", "**", "?", "**/", "/**/", ".", "😀"), { maxLength: 8 })
      .map((parts) => parts.join(""));
    const names = fc
      .array(fc.constantFrom("a", "b", "/", ".", "😀"), { maxLength: 9 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(words, names, (pattern, name) => {
        expect(matchGlob(pattern, name)).toBe(toRegExp(pattern).test(name));
      }),
      { seed: 20261121, numRuns: 5_000 },
    );
  });

  it("asks little about names that begin otherwise, and at most the product of both lengths about others", () => {
    const [exact, glob] = [compileGlob("main"), compileGlob("release/**a*b")];
    expect([countGlobSteps(exact, "x".repeat(255)), countGlobSteps(glob, "feature/x")]).toEqual([1, 1]);
    expect(countGlobSteps(glob, "release/1")).toBe((glob.tokens.length + 1) * 10);
  });

  it("takes no longer for a pattern that makes backtracking explode", () => {
    expect(matchGlob(`${"**a".repeat(60)}b`, "a".repeat(255))).toBe(false);
    expect(matchGlob(`${"*a".repeat(100)}b`, "a".repeat(255))).toBe(false);
  });
});

// Three rules of replacement, longest first, left to the engine to match.
function toRegExp(pattern: string): RegExp {
  const source = pattern.replace(/(?<=^|\/)\*\*\/|\*\*|\*|\?|[.]/gu, (part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    return part === "?" ? "[^/]" : "\\.";
  });
  return new RegExp(`^(?:${source})$`, "su");
}

describe("a pattern", () => {
  it("is exact without wildcards", () => {
    expect([isExact("main"), isExact("release/*"), isExact("v?")]).toEqual([true, false, false]);
  });

  it.each(["main", "release/*", "**", "a?", "x".repeat(255), "ü"])("may be %s", (pattern) => {
    expect(findPatternProblem(pattern)).toBeUndefined();
  });

  it.each(["", "a b", "a..b", "a[b]", "a\\b", "x\n", "/a", "a/", "a.lock", "a//b", "x".repeat(256)])(
    "may not be %j",
    (pattern) => {
      expect(findPatternProblem(pattern)).toBeDefined();
    },
  );
});
