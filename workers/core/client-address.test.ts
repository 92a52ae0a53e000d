// Whose address a request is counted for: nobody chooses their own by writing a header.
import { describe, expect, it } from "vitest";
import { findClientAddress, readTrustedProxies } from "./client-address.ts";
import { FORWARDED_HOPS_MAX } from "./limits.ts";

const CONNECTION = "127.0.0.1";

function find(trusted: string, headers: Record<string, string>, connection = CONNECTION): string {
  const source = readTrustedProxies(trusted, connection);
  if (source === undefined) throw new Error("not a list of proxies");
  return findClientAddress(source, (name) => headers[name]);
}

describe("the client's address", () => {
  it.each([
    [
      "on Cloudflare is what Cloudflare says",
      "cloudflare",
      { "cf-connecting-ip": "198.51.100.7" },
      "198.51.100.7",
    ],
    [
      "elsewhere isn't what a header of Cloudflare's name says",
      "",
      { "cf-connecting-ip": "198.51.100.7" },
      CONNECTION,
    ],
    ["isn't forwarded by whoever connects", "", { "x-forwarded-for": "198.51.100.7" }, CONNECTION],
    ["is the connection's where the proxy says nothing", "127.0.0.1", {}, CONNECTION],
    ["is what a trusted proxy forwards", "127.0.0.1", { "x-forwarded-for": "198.51.100.7" }, "198.51.100.7"],
    [
      "is the nearest that isn't a trusted proxy, whatever the client wrote before it",
      "127.0.0.0/8, 10.1.0.0/16",
      { "x-forwarded-for": "1.1.1.1, 198.51.100.7, 10.1.2.3" },
      "198.51.100.7",
    ],
    [
      "is the last proxy's where what it forwards is no address",
      "127.0.0.1",
      { "x-forwarded-for": "9.9.9.9, <b>" },
      CONNECTION,
    ],
    [
      "may be IPv6",
      "127.0.0.1,2001:db8::/32",
      { "x-forwarded-for": "2001:DB9::1, 2001:db8::5" },
      "2001:db9::1",
    ],
    [
      "is a trusted proxy's where there is none before it",
      "127.0.0.1,10.0.0.0/8",
      { "x-forwarded-for": "10.0.0.1" },
      "10.0.0.1",
    ],
    [
      "of a mapped connection is compared as IPv4",
      "127.0.0.1",
      { "x-forwarded-for": "198.51.100.7" },
      "198.51.100.7",
      "::ffff:127.0.0.1",
    ],
    ["is unknown where the connection's is", "", {}, "", ""],
  ])("%s", (_, trusted, headers, expected, connection = CONNECTION) => {
    expect(find(trusted, headers, connection)).toBe(expected);
  });

  it("is looked for among so many hops, and no further", () => {
    const forwarded = (hops: number) => ["198.51.100.7", ...Array<string>(hops).fill("127.0.0.1")].join(", ");
    expect(find(CONNECTION, { "x-forwarded-for": forwarded(FORWARDED_HOPS_MAX - 1) })).toBe("198.51.100.7");
    expect(find(CONNECTION, { "x-forwarded-for": forwarded(FORWARDED_HOPS_MAX) })).toBe(CONNECTION);
  });
});

describe("a list of trusted proxies", () => {
  it.each(["", "cloudflare", "127.0.0.1", "10.0.0.0/8, ::1", "2001:db8::/32", "0.0.0.0/0"])(
    "may be %j",
    (text) => {
      expect(readTrustedProxies(text, "")).toBeDefined();
    },
  );

  it.each([
    "everybody",
    "300.0.0.1",
    "10.0.0.0/33",
    "10.0.0.0/8/8",
    "1:2:3",
    "1::2::3",
    "10.0.0.0/x",
    "2001:db8::/129",
  ])("can't be %j", (text) => {
    expect(readTrustedProxies(text, "")).toBeUndefined();
  });
});
