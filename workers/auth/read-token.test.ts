// Every way clients send a token.
import { describe, expect, it } from "vitest";
import { readToken } from "./read-token.ts";

describe("readToken", () => {
  it.each([
    ["Bearer abc", "abc"],
    ["token abc", "abc"],
    ["BEARER  abc ", "abc"],
    [`Basic ${btoa("admin:abc")}`, "abc"],
    [`Basic ${btoa("admin:a:b")}`, "a:b"],
    [`Basic ${btoa("abc:")}`, "abc"],
    [`Basic ${btoa("abc:x-oauth-basic")}`, "abc"],
    [undefined, undefined],
    ["", undefined],
    ["Bearer", undefined],
    ["Digest abc", undefined],
    [`Basic ${btoa("nocolon")}`, undefined],
  ])("%j gives %j", (header, token) => {
    expect(readToken(header)).toBe(token);
  });
  it("refuses Basic that isn't base64", () => {
    expect(() => readToken("Basic %%%")).toThrow("base64");
  });
});
