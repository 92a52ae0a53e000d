// What a profile may hold: everything at its limit, nothing past it, and links that lead to websites only.
import { describe, expect, it } from "vitest";
import { findProfileProblems, type ProfileChanges } from "./profile.ts";

describe("findProfileProblems", () => {
  it.each([
    ["displayName", 100],
    ["bio", 300],
    ["location", 100],
  ] as const)("takes a %s of %i characters and none longer", (field, max) => {
    const changes = (length: number): ProfileChanges => ({ [field]: "x".repeat(length) });
    expect(findProfileProblems(changes(max))).toEqual({});
    expect(Object.keys(findProfileProblems(changes(max + 1)))).toEqual([field]);
  });

  it("takes an address of 300 characters and none longer", () => {
    const website = `https://example.com/${"x".repeat(280)}`;
    expect(findProfileProblems({ website })).toEqual({});
    expect(Object.keys(findProfileProblems({ website: `${website}x` }))).toEqual(["website"]);
  });

  it.each(["", "https://example.com", "http://localhost:3000/a?b#c", "HTTPS://ÖRTCHEN.example/"])(
    "takes %j for a website",
    (website) => expect(findProfileProblems({ website })).toEqual({}),
  );

  it.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "example.com",
    "//example.com",
    "https://",
    "https://user:secret@example.com",
    "https://example.com/a b",
    "java\nscript:alert(1)",
    "https:\\\\example.com",
  ])("refuses %j", (website) => expect(Object.keys(findProfileProblems({ website }))).toEqual(["website"]));

  it("lets a bio have lines, and a name have one", () => {
    expect(findProfileProblems({ bio: "one\r\ntwo" })).toEqual({});
    expect(Object.keys(findProfileProblems({ displayName: "one\ntwo", bio: "\u0000" }))).toEqual([
      "displayName",
      "bio",
    ]);
  });
});
