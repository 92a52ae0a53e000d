// A log reads like a terminal, however its text was cut into events.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  appendToLog,
  countEnded,
  endedLines,
  LINE_CHARS_MAX,
  type Log,
  type LogLimits,
  openLine,
  openLog,
} from "./log.ts";
import { SPANS_PER_LINE_MAX } from "./log-line.ts";

const ROOMY: LogLimits = { linesMax: 10_000, charsMax: 10_000_000 };
const SEED = 20261121;

function logOf(...chunks: string[]): Log {
  const log = openLog(ROOMY);
  for (const chunk of chunks) appendToLog(log, chunk);
  return log;
}

function shownLines(log: Log): string[] {
  const open = openLine(log);
  return [...endedLines(log), ...(open === null ? [] : [open])].map((line) =>
    line.spans.map(({ text, style }) => (style === "" ? text : `<${style}>${text}</>`)).join(""),
  );
}

const shown = (...chunks: string[]): string[] => shownLines(logOf(...chunks));

describe("lines", () => {
  test.each([
    ["ends lines at line feeds and keeps the open one", ["a\nb"], ["a", "b"]],
    ["keeps empty lines", ["a\n\nb\n"], ["a", "", "b"]],
    ["joins a line that came in two chunks", ["ab", "cd\n"], ["abcd"]],
    ["takes CR LF for one line end, also when cut between", ["a\r", "\nb"], ["a", "b"]],
    ["overwrites after a carriage return", ["10%\r20%\r100%\n"], ["100%"]],
    ["keeps what a shorter text did not overwrite", ["abcdef\rXY\n"], ["XYcdef"]],
    ["erases to the end of the line", ["abcdef\rXY\u001b[K\n"], ["XY"]],
    ["erases the whole line", ["abcdef\u001b[2K\rdone\n"], ["done"]],
    ["erases up to the cursor", ["abcdef\u001b[3D\u001b[1K\n"], ["    ef"]],
    ["moves to a column", ["abc\u001b[1GX\u001b[6GY\n"], ["Xbc  Y"]],
    ["goes back by backspaces, not before the start", ["ab\b\b\bX\n"], ["Xb"]],
    ["keeps tabs", ["a\tb\n"], ["a\tb"]],
    ["drops other controls", ["a\u0000\u0007\u009bb\n"], ["ab"]],
  ])("%s", (_, chunks, lines) => {
    expect(shown(...chunks)).toEqual(lines);
  });

  test("a line at the limit stays one, one past it goes on in the next", () => {
    expect(shown("x".repeat(LINE_CHARS_MAX)).length).toBe(1);
    expect(shown(`${"x".repeat(LINE_CHARS_MAX)}\n`).length).toBe(1);
    expect(shown("x".repeat(LINE_CHARS_MAX + 1))).toEqual(["x".repeat(LINE_CHARS_MAX), "x"]);
  });

  test("no line break parts a character in two", () => {
    const lines = shown(`${"x".repeat(LINE_CHARS_MAX - 1)}😀y`);
    expect(lines).toEqual([`${"x".repeat(LINE_CHARS_MAX - 1)}😀`, "y"]);
  });

  test("what Plue says stands on lines of its own, without the step's colours", () => {
    const log = logOf("\u001b[31mred, not ended");
    appendToLog(log, "said by Plue\n", true);
    appendToLog(log, "plain again");
    expect(shownLines(log)).toEqual(["<fg1>red, not ended</>", "said by Plue", "plain again"]);
    expect(endedLines(log).map((line) => line.isSystem)).toEqual([false, true]);
  });
});

describe("styles", () => {
  test.each([
    ["\u001b[31mred\u001b[0m plain", "<fg1>red</> plain"],
    ["\u001b[1;4;94mx\u001b[22;24;39my", "<fg4 bold underline>x</>y"],
    ["\u001b[mx", "x"],
    ["\u001b[42;30m PASS \u001b[49m", "<bg2> PASS </>"],
    ["\u001b[7mx\u001b[27my", "<bg>x</>y"],
    ["\u001b[31;7mx", "<bg1>x</>"],
    ["\u001b[2mx", "<fg8>x</>"],
    ["\u001b[38;5;196mx\u001b[38;5;240my\u001b[38;5;9mz", "<fg1>x</><fg8>y</><fg1>z</>"],
    ["\u001b[38;2;20;200;30mx", "<fg2>x</>"],
    ["\u001b[38:2::20:200:30mx", "<fg2>x</>"],
    ["\u001b[38;5;21;1mx", "<fg4 bold>x</>"],
    ["\u001b]8;;http://example.com/\u001b\\link\u001b]8;;\u0007 text", "link text"],
    ["\u001b]0;title\nnot a title", ""],
    ["\u001b(B\u001b=x\u001b[?25ly", "xy"],
  ])("%j reads %s", (text, line) => {
    expect(shown(text)[0]).toBe(line);
  });

  test("a line of very many styles loses them instead of growing dear", () => {
    const many = (count: number) =>
      shown(Array.from({ length: count }, (_, i) => `\u001b[3${(i % 2) + 1}mx`).join(""))[0];
    expect(many(SPANS_PER_LINE_MAX)).toContain("<fg1>");
    expect(many(SPANS_PER_LINE_MAX + 2)?.startsWith("xxx")).toBe(true);
  });
});

describe("what is kept", () => {
  test("the last lines, and how many came before", () => {
    const log = openLog({ linesMax: 3, charsMax: 1000 });
    appendToLog(log, "1\n2\n3\n");
    expect([log.cutLines, shownLines(log)]).toEqual([0, ["1", "2", "3"]]);
    appendToLog(log, "4\n5\n6\n7\n8\nopen");
    expect([log.cutLines, shownLines(log)]).toEqual([5, ["6", "7", "8", "open"]]);
    expect(countEnded(log)).toBe(8);
  });

  test("no more characters than allowed", () => {
    const log = openLog({ linesMax: 100, charsMax: 10 });
    appendToLog(log, "12345\n67890\n");
    expect(shownLines(log)).toEqual(["12345", "67890"]);
    appendToLog(log, "x\n");
    expect([log.cutLines, shownLines(log)]).toEqual([1, ["67890", "x"]]);
  });

  test("a flood of 100,000 lines leaves the newest, in an array that stays small", () => {
    const log = openLog({ linesMax: 5000, charsMax: 1_000_000 });
    for (let i = 0; i < 1000; i += 1) appendToLog(log, "line\n".repeat(100));
    expect([countEnded(log), endedLines(log).length]).toEqual([100_000, 5000]);
    expect(log.ended.length).toBeLessThanOrEqual(10_000);
  });
});

const piece = fc.oneof(
  fc.constantFrom(
    "\n",
    "\r",
    "\r\n",
    "\b",
    "\t",
    "\u001b",
    "\u001b[",
    "\u001b]0;",
    "\u0007",
    "\u001b\\",
    "😀",
  ),
  fc.constantFrom(
    "\u001b[31m",
    "\u001b[1;42m",
    "\u001b[0m",
    "\u001b[K",
    "\u001b[2K",
    "\u001b[1K",
    "\u001b[5G",
  ),
  fc.constantFrom("\u001b[38;5;200m", "\u001b[9999C", "\u001b[3D", "\u009b", "x".repeat(999)),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const printed = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(""));

function cutAt(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => place % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, i) => text.slice(at[i], end));
}

const SMALL: LogLimits = { linesMax: 7, charsMax: 4100 };

describe("any cutting", () => {
  test("gives the same lines", () => {
    fc.assert(
      fc.property(printed, fc.array(fc.nat(), { maxLength: 40 }), (text, places) => {
        const whole = openLog(SMALL);
        appendToLog(whole, text);
        const pieces = openLog(SMALL);
        for (const chunk of cutAt(text, places)) appendToLog(pieces, chunk);
        expect(pieces).toEqual(whole);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  test("may be resumed from the tail alone", () => {
    fc.assert(
      fc.property(printed, fc.nat(), (text, place) => {
        const [before = "", after = ""] = cutAt(text, [place]);
        const whole = logOf(before, after);
        const first = logOf(before);
        const resumed = openLog(ROOMY, JSON.parse(JSON.stringify(first.tail)), countEnded(first));
        appendToLog(resumed, after);
        expect([...endedLines(first), ...endedLines(resumed)]).toEqual(endedLines(whole));
        expect(resumed.tail).toEqual(whole.tail);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});
