// A return path never leaves the site, whatever is put into the address.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readReturnPath } from "./return-path.ts";

describe("readReturnPath", () => {
  it.each([
    "/",
    "/settings/wallets",
    "/admin/demo/blob/main/a%20b.ts?page=2&x=y",
    "/login/confirm?return_to=%2Fsettings",
    "/a//b",
    "/:@",
  ])("keeps %s", (path) => {
    expect(readReturnPath(path)).toBe(path);
  });

  it.each([
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/\\/evil.test",
    "/a/..//evil.test",
    "/./\\evil.test",
    "https:evil.test",
    "https://evil.test/",
    "HTTPS://evil.test",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.test",
    "settings",
    "?a",
    "#a",
    "",
    " /a",
    "/a b",
    "/\t/evil.test",
    "/\n/evil.test",
    "/a\r\nSet-Cookie: x=y",
    "/\u0000/evil.test",
    "/\u00a0",
    "/\u2028",
    `/${"a".repeat(2_000)}`,
    undefined,
    null,
    7,
    ["/a"],
  ])("goes home instead of %j", (given) => {
    expect(readReturnPath(given)).toBe("/");
  });

  it("drops the fragment and steps that lead up", () => {
    expect(readReturnPath("/a/../b#c")).toBe("/b");
  });

  it("stays on the origin for any text", () => {
    const piece = fc.constantFrom(
      "/",
      "\\",
      "..",
      ".",
      ":",
      "@",
      "//",
      "evil.test",
      "%2f",
      "%5c",
      "\t",
      "?",
      "#",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(text, (given) => {
        const path = readReturnPath(given);
        const url = new URL(path, "https://plue.test");
        expect(url.origin).toBe("https://plue.test");
        expect(path).toMatch(/^\/(?!\/)/);
      }),
      { seed: 4, numRuns: 500 },
    );
  });
});
