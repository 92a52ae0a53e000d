// What reaches a terminal is visible text, whatever somebody named their files.
import fc from "fast-check";
import { expect, it } from "vitest";
import { showLine, showLines } from "./terminal-text.ts";

it.each([
  ["an escape sequence", "\u001b[31mred\u001b]0;title\u0007", "\\u001b[31mred\\u001b]0;title\\u0007"],
  ["a control character of Latin-1", "a\u009b2Jb", "a\\u009b2Jb"],
  ["another direction", "abc\u202etxt.exe\u2066", "abc\\u202etxt.exe\\u2066"],
  ["a mark of direction", "a\u200eb\u200fc\u061cd", "a\\u200eb\\u200fc\\u061cd"],
  ["ends of lines", "a\nb\rc\u2028d\u2029e\u0085f", "a\\u000ab\\u000dc\\u2028d\\u2029e\\u0085f"],
  ["a tab, a backspace and a delete", "a\tb\bc\u007f", "a\\u0009b\\u0008c\\u007f"],
  ["ordinary text", "naïve 日本語 💥 \\u001b", "naïve 日本語 💥 \\u001b"],
])("shows %s", (_what, text, shown) => {
  expect(showLine(text)).toBe(shown);
});

it("keeps the line feeds of several lines", () => {
  expect(showLines("a\u001b\nb\r\n")).toBe("a\\u001b\nb\\u000d\n");
});

it("keeps JSON what it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const shown = showLine(JSON.stringify({ text }));
      expect(JSON.parse(shown)).toEqual({ text });
      expect(showLine(shown)).toBe(shown);
    }),
    { seed: 7, numRuns: 300 },
  );
});
