// The bounds of YAML: each at its limit and one past it, what authors are told, and that no file costs more than its length.
import { describe, expect, it } from "vitest";
import {
  DEFINITION_ALIASES_MAX,
  DEFINITION_BYTES_MAX,
  DEFINITION_DEPTH_MAX,
  DEFINITION_EXPANDED_CHARACTERS_MAX,
  DEFINITION_KEYS_MAX,
  DEFINITION_TOKENS_MAX,
} from "../core/limits.ts";
import { parseWorkflow } from "./parse-workflow.ts";
import { DefinitionError, parseYaml } from "./parse-yaml.ts";

/** What is wrong with `text`, with its place; empty for a document. */
function problemOf(text: string): string {
  try {
    parseYaml(text);
    return "";
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    const { line, column, message } = error.problem;
    return `${line}:${column} ${message}`;
  }
}

const lines = (count: number, line: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => line(at)).join("");

describe("parseYaml", () => {
  it("holds its limits", () => {
    const keys = (count: number) => lines(count, (at) => `k${at}: 1\n`);
    expect(problemOf(keys(DEFINITION_KEYS_MAX))).toBe("");
    expect(problemOf(keys(DEFINITION_KEYS_MAX + 1))).toBe(
      `${DEFINITION_KEYS_MAX + 1}:1 a file has at most ${DEFINITION_KEYS_MAX} keys`,
    );
    const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    expect(problemOf(deep(DEFINITION_DEPTH_MAX))).toBe("");
    expect(problemOf(deep(DEFINITION_DEPTH_MAX + 1))).toContain("nested at most");
    const aliases = (count: number) => `- &a x\n${"- *a\n".repeat(count - 1)}`;
    expect(problemOf(aliases(DEFINITION_ALIASES_MAX))).toBe("");
    expect(problemOf(aliases(DEFINITION_ALIASES_MAX + 1))).toContain("anchors, aliases and tags");
    // A list's value is five tokens: its place, the dash, a space, the text, the end of the line.
    expect(problemOf("- x\n".repeat(Math.floor(DEFINITION_TOKENS_MAX / 5) - 1))).toBe("");
    expect(problemOf("- x\n".repeat(Math.ceil(DEFINITION_TOKENS_MAX / 4)))).toContain("the file is too long");
    const times = 10;
    const expanded = (length: number) => `- &a ${"x".repeat(length)}\n${"- *a\n".repeat(times - 1)}`;
    const fits = Math.floor((DEFINITION_EXPANDED_CHARACTERS_MAX - 1) / times) - 1;
    expect(problemOf(expanded(fits))).toBe("");
    expect(problemOf(expanded(fits + 1))).toContain("with its aliases replaced the file is too long");
  });

  it("takes an anchor that is used 101 times", () => {
    expect(problemOf(`- &a {run: x}\n${"- *a\n".repeat(101)}`)).toBe("");
  });

  it("means by a name the newest anchor before it", () => {
    const { root, targets } = parseYaml("[&a x, *a, &a y, *a]");
    expect(root).not.toBeNull();
    expect([...targets.values()].map(String)).toEqual(["x", "y"]);
  });

  it.each([
    ["a: *b", "1:4 `*b` names no anchor that stands before it"],
    ["- *b\n- &b x", "1:3 `*b` names no anchor that stands before it"],
    ["a: &a [*a]", "1:8 `*a` stands within what it names"],
    ["a: &a {b: {c: *a}}", "1:15 `*a` stands within what it names"],
    ["a: b\n---\nc: d", "2:1 the file must contain one document only"],
    ["a: !foo b", "1:4 tags such as `!name` aren't supported"],
    ["%FOO\n---\na: b", "1:1 lines that begin with `%` aren't supported here"],
    ["a: b: c", "1:"],
    ["a:\n\tb: c", "2:1 tabs can't be used for indentation"],
    ["a: [b", "1:"],
    ['a: "\\q"', "1:5 in double quotes"],
    ["a: @b", "1:4 a value can't begin with this character unless it is in quotes"],
    ["a: 'b", "1:"],
    ["a: {b: c}}", "1:10 this is unexpected here"],
  ])("says of %j where and what is wrong", (text, expected) => {
    expect(problemOf(text)).toContain(expected);
  });

  it("speaks in words of its own", () => {
    const library =
      /flow|scalar|token|block|implicit|collection|node|indicator|resol|sequence|exhaust|unique/i;
    const broken = [
      "[",
      "{",
      "]",
      "a: b: c",
      "? [a",
      "&a &b c",
      "*a : *b",
      "'",
      '"',
      "|x",
      ">+-",
      "@",
      "`",
      "%",
      "!",
      "!!int x",
    ];
    for (const one of broken) {
      for (const text of [one, `a: ${one}`, `- ${one}\n- b`, `a:\n ${one}\nb`, `{a: ${one}, b}`]) {
        expect([text, problemOf(text)]).not.toEqual([text, expect.stringMatching(library)]);
      }
    }
  });
});

describe("the worst case", () => {
  const fill = (part: string) => (length: number) =>
    part.repeat(Math.ceil(length / part.length)).slice(0, length);
  const numbered = (line: (at: number) => string) => (length: number) => {
    const parts: string[] = [];
    for (let [at, left] = [0, length]; left > 0; at++) {
      const part = line(at);
      parts.push(part);
      left -= part.length;
    }
    return parts.join("");
  };
  const begin = (start: string, part: string) => (length: number) =>
    start + fill(part)(length - start.length);
  const files: Record<string, (length: number) => string> = {
    keys: numbered((at) => `k${at}:\n`),
    "keys in braces": (length) => `{${numbered((at) => `k${at}: 1, `)(length - 2)}}`,
    "the same key": fill("k: 1\n"),
    "merged keys": fill("<<: x\n"),
    dashes: fill("- "),
    "lists below lists": numbered((at) => `${" ".repeat(at % 500)}a:\n`),
    brackets: fill("["),
    braces: fill("{a: "),
    "closing brackets": fill("]"),
    "explicit keys": fill("? "),
    colons: fill(": "),
    anchors: numbered((at) => `- &a${at} x\n`),
    "anchors of nothing": fill("&a "),
    aliases: begin("- &a x\n", "- *a\n"),
    tags: fill("!!str "),
    comments: fill("#\n"),
    "comments within": begin("a:\n  b: 1\n", "  #x\n"),
    "empty lines": fill("\n"),
    spaces: fill(" "),
    tabs: fill("\t"),
    documents: fill("---\n"),
    directives: fill("%x\n"),
    "a long value": fill("a"),
    "a value of many lines": fill("a\n "),
    "spaces in a value": begin("a", " "),
    "spaces in quotes": begin('"', " \t"),
    "lines in quotes": begin('"a', "  \n"),
    "bad escapes": begin('"', "\\q"),
    "open quotes": fill('"\n'),
    "single quotes": fill("''"),
    "a block": begin("a: |\n", "  x\n"),
    "a folded block of nothing": begin("a: >\n", "\n"),
    "blocks of nothing": fill("- |\n"),
    commas: begin("[", ","),
    pairs: begin("[", "a: b,"),
    "comments in brackets": begin("[", "a #\n,"),
    digits: fill("1_"),
    "marks of order": fill("\ufeff"),
    indentations: numbered((at) => `${" ".repeat(3 - (at % 3))}b: 1\n`),
    "steps of one job": begin("on: push\njobs:\n  a:\n    steps:\n", "      - run: x\n"),
  };

  const cpuMs = (work: () => void): number => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };

  // Four times the text may take six times as long and a little; a quadratic one would take sixteen times as long, and the
  // files that this is about took half a minute.
  it.each(Object.entries(files))("of %s grows with its length alone", (_, make) => {
    const [short, long] = [make(DEFINITION_BYTES_MAX / 4), make(DEFINITION_BYTES_MAX)];
    const time = (text: string) => Math.min(...[1, 2].map(() => cpuMs(() => parseWorkflow(text, "x"))));
    expect(time(long)).toBeLessThan(6 * time(short) + 400);
  });
});
