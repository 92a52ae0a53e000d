// Ref names are judged as git-check-ref-format judges them.
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REF_NAME_LEVELS_LIMIT, REF_NAME_LIMIT_BYTES } from "../limits.ts";
import { isValidRefName, listParentNames } from "./ref-name.ts";

const judgeByGit = (name: string): boolean => spawnSync("git", ["check-ref-format", name]).status === 0;

describe("ref names", () => {
  it("have so many levels at most", () => {
    const nameOf = (levels: number) => ["refs", ...Array(levels - 1).fill("a")].join("/");
    expect(isValidRefName(nameOf(REF_NAME_LEVELS_LIMIT))).toBe(true);
    expect(isValidRefName(nameOf(REF_NAME_LEVELS_LIMIT + 1))).toBe(false);
  });

  it("are valid where git says so", () => {
    const part = fc.oneof(
      fc.constantFrom(
        "a",
        ".",
        "..",
        "@",
        "{",
        "~",
        "^",
        ":",
        "?",
        "*",
        "[",
        "\\",
        " ",
        "\x7f",
        "\x01",
        "-",
        "é",
        "💥",
      ),
      fc.constantFrom(".lock", "lock", "HEAD", "@{", "/"),
    );
    const name = fc
      .array(part, { minLength: 1, maxLength: 6 })
      .map((parts) => `refs/heads/${parts.join("")}`);
    fc.assert(
      fc.property(name, (one) => {
        expect([one, isValidRefName(one)]).toEqual([one, judgeByGit(one)]);
      }),
      { seed: 6, numRuns: 150 },
    );
  });

  it("begin with refs/ and are well-formed text", () => {
    expect(
      ["HEAD", "main", "refs", "refs/", "/refs/heads/x", "refs/heads/\ud800"].filter(isValidRefName),
    ).toEqual([]);
  });

  it("have at most as many bytes as the limit", () => {
    const name = `refs/heads/${"é".repeat((REF_NAME_LIMIT_BYTES - 12) / 2)}`;
    expect(new TextEncoder().encode(`${name}x`)).toHaveLength(REF_NAME_LIMIT_BYTES);
    expect(isValidRefName(`${name}x`)).toBe(true);
    expect(isValidRefName(`${name}xx`)).toBe(false);
  });

  it("have parents, nearest first", () => {
    expect(listParentNames("refs/heads/a/b")).toEqual(["refs/heads/a", "refs/heads", "refs"]);
  });
});
