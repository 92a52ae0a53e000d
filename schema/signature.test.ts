// Only the secret's holder can sign, only what was signed is accepted, and only for a minute.
import { describe, expect, it } from "vitest";
import { signRequest, verifySignature } from "./signature.ts";

const SECRET = "a secret of the Worker and the gateway";
const REQUEST = { method: "POST", path: "/wake?x=1", body: '{"a":1}' };
const NOW_MS = 1_790_000_000_000;

describe("verifySignature", () => {
  it("accepts what was signed, up to a minute later", async () => {
    const header = await signRequest(SECRET, REQUEST, NOW_MS);
    expect(await verifySignature(SECRET, REQUEST, header, NOW_MS)).toBe(true);
    expect(await verifySignature(SECRET, REQUEST, header, NOW_MS + 60_000)).toBe(true);
    expect(await verifySignature(SECRET, REQUEST, header, NOW_MS + 60_001)).toBe(false);
    expect(await verifySignature(SECRET, REQUEST, header, NOW_MS - 60_001)).toBe(false);
  });
  it.each([
    ["another method", { ...REQUEST, method: "GET" }],
    ["another path", { ...REQUEST, path: "/wake?x=2" }],
    ["another body", { ...REQUEST, body: '{"a":2}' }],
  ])("refuses %s", async (_, changed) => {
    const header = await signRequest(SECRET, REQUEST, NOW_MS);
    expect(await verifySignature(SECRET, changed, header, NOW_MS)).toBe(false);
  });
  it("refuses another secret, another time, and what isn't a signature", async () => {
    const header = await signRequest(SECRET, REQUEST, NOW_MS);
    expect(await verifySignature("another", REQUEST, header, NOW_MS)).toBe(false);
    const later = header.replace(String(NOW_MS), String(NOW_MS + 1));
    expect(await verifySignature(SECRET, REQUEST, later, NOW_MS)).toBe(false);
    for (const wrong of [null, undefined, "", "t=1,v1=ab", `${header},x`, header.toUpperCase()]) {
      expect(await verifySignature(SECRET, REQUEST, wrong, NOW_MS)).toBe(false);
    }
  });
});
