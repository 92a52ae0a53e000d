// GITHUB_ENV as steps write it: lines, values of several lines, and what is refused.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openEnvironmentFiles, parseVariables, takeEnvironmentFiles } from "./environment-files.ts";
import { ENVIRONMENT_FILE_BYTES_MAX } from "./limits.ts";

describe("parseVariables", () => {
  it.each<[string, Record<string, string>]>([
    ["", {}],
    ["A=1\nB=two words\n", { A: "1", B: "two words" }],
    ["A=x=y<<z\n", { A: "x=y<<z" }],
    ["A=\r\nB=2\r\n", { A: "", B: "2" }],
    ["A<<END\none\n\ntwo=2\nEND\nB=1", { A: "one\n\ntwo=2", B: "1" }],
    ["A<<END\nEND\n", { A: "" }],
    ["A=1\nA=2\n", { A: "2" }],
  ])("reads %j", (text, variables) => {
    expect(parseVariables(text)).toEqual({ ok: true, variables });
  });

  it.each<[string, RegExp]>([
    ["no sign\n", /line 1 isn't NAME=value/],
    ["A=1\n1A=2\n", /line 2 isn't/],
    ["=1\n", /line 1 isn't/],
    ["A<<END\nnever\n", /nothing ends A/],
    ["A<<\n\n", /nothing ends A/],
    ["GITHUB_SHA=forged\n", /GITHUB_SHA can't be set/],
    ["NODE_OPTIONS=--require\n", /NODE_OPTIONS can't be set/],
    ["A=\0\n", /NUL/],
  ])("refuses %j", (text, problem) => {
    expect(parseVariables(text)).toEqual({ ok: false, problem: expect.stringMatching(problem) });
  });

  it("gives back every value that is written with an end it doesn't contain", () => {
    const line = fc.string({ unit: fc.constantFrom("a", "=", "<", " ", "é"), maxLength: 8 });
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[A-FH-MO-Z][A-Z]{0,5}$/), fc.array(line)), (values) => {
        fc.pre(Object.keys(values).every((name) => name !== "CI" && name !== "PLUE"));
        const text = Object.entries(values)
          .map(([name, lines]) => `${name}<<__END__\n${lines.map((part) => `${part}\n`).join("")}__END__\n`)
          .join("");
        const variables = Object.fromEntries(
          Object.entries(values).map(([name, lines]) => [name, lines.join("\n")]),
        );
        expect(parseVariables(text)).toEqual({ ok: true, variables });
      }),
      { seed: 20261121 },
    );
  });

  it("never throws", () => {
    const text = fc.string({ unit: fc.constantFrom("A", "=", "<", "\n", "\r", "\0", "E") });
    fc.assert(
      fc.property(text, (given) => void parseVariables(given)),
      { seed: 20261121, numRuns: 2_000 },
    );
  });
});

describe("takeEnvironmentFiles", () => {
  it("takes a file of the largest size, and none that is larger, nor one that is gone", () => {
    const folder = mkdtempSync(join(tmpdir(), "plue-env-"));
    const carried = { variables: {}, path: ["/old"] };
    const { GITHUB_ENV = "", GITHUB_PATH = "" } = openEnvironmentFiles(folder);
    const value = "x".repeat(ENVIRONMENT_FILE_BYTES_MAX - "A=\n".length);
    writeFileSync(GITHUB_ENV, `A=${value}\n`);
    writeFileSync(GITHUB_PATH, "/one\n/two\n");
    expect(takeEnvironmentFiles(folder, carried)).toBeNull();
    expect(carried).toEqual({ variables: { A: value }, path: ["/two", "/one", "/old"] });
    writeFileSync(GITHUB_ENV, `A=${value}x\n`);
    expect(takeEnvironmentFiles(folder, carried)).toMatch(/larger than 1 MiB/);
    rmSync(GITHUB_ENV);
    expect(takeEnvironmentFiles(folder, carried)).toMatch(/can't be read/);
    rmSync(folder, { recursive: true });
  });
});
