// What stands for what can't be seen in a name.
import { expect, test } from "vitest";
import { formatName } from "./format-name.ts";

test.each([
  ["README.md", "README.md"],
  ["a\nb\tc", "a␊b␉c"],
  ["\x1b[31m", "␛[31m"],
  ["a\x7f", "a␡"],
  ["caf\udce9", "caf\ufffd"],
  ["😀", "😀"],
])("%j", (name, shown) => {
  expect(formatName(name)).toBe(shown);
});
