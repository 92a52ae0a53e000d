// Paths of addresses: every byte that a link escapes is read again, and nothing else changes.
import { expect, it } from "vitest";
import { readContentPath } from "./read-content-path.ts";

it.each([
  ["main/a/b.txt", "main/a/b.txt"],
  ["main/caf%C3%A9", "main/café"],
  ["main/café", "main/café"],
  ["main/caf%E9", "main/caf\udce9"],
  ["main/%25E9", "main/%E9"],
  ["main/a%0Ab", "main/a\nb"],
  ["main/a%2Fb", "main/a/b"],
  ["main/100%", "main/100%"],
  ["main/%zz", "main/%zz"],
  ["main/%00", "main/\0"],
  ["main//a/", "main//a/"],
  ["", ""],
])("%s", (sent, path) => {
  expect(readContentPath(`http://plue.test/owner/name/tree/${sent}?plain=1`)).toBe(path);
});
