// Where a request came from, as far as it can be believed. Invariant: a header that the client could have written itself
// is never taken for its address; only one that Cloudflare, or a proxy on the list, has written.

import { FORWARDED_HOPS_MAX } from "./limits.ts";

/** Who says where a request came from: Cloudflare, in front of the deployed Worker, or the listed proxies. */
export type ClientAddressSource =
  | { kind: "cloudflare" }
  | {
      kind: "connection";
      /** The address every connection to the Worker comes from; see `TRUSTED_PROXIES` in the README. */
      connectionAddress: string;
      proxies: readonly AddressRange[];
    };

interface AddressRange {
  bytes: readonly number[];
  prefixBits: number;
}

/**
 * Reads `TRUSTED_PROXIES`: `cloudflare`, or addresses and CIDR ranges with commas between them; empty for none.
 * @param connectionAddress where connections come from; empty when it isn't known
 * @returns undefined when it is neither.
 */
export function readTrustedProxies(text: string, connectionAddress: string): ClientAddressSource | undefined {
  if (text.trim() === "cloudflare") return { kind: "cloudflare" };
  const proxies: AddressRange[] = [];
  for (const entry of text.split(",").map((part) => part.trim())) {
    if (entry === "") continue;
    const [address = "", prefix, ...rest] = entry.split("/");
    const bytes = parseAddress(address);
    if (bytes === undefined || rest.length > 0) return undefined;
    const prefixBits = prefix === undefined ? bytes.length * 8 : Number(prefix);
    const isPrefix = prefix === undefined || /^\d{1,3}$/.test(prefix);
    if (!isPrefix || prefixBits > bytes.length * 8) return undefined;
    proxies.push({ bytes, prefixBits });
  }
  return { kind: "connection", connectionAddress, proxies };
}

/**
 * The client's address: what Cloudflare says; or the connection's, and where that is a trusted proxy, the last hop of
 * `X-Forwarded-For` that isn't one. Empty when nothing trustworthy says one.
 */
export function findClientAddress(source: ClientAddressSource, header: (name: string) => string | undefined) {
  if (source.kind === "cloudflare") return header("cf-connecting-ip") ?? "";
  const { connectionAddress, proxies } = source;
  let address = connectionAddress;
  const hops = (header("x-forwarded-for") ?? "").split(",").slice(-FORWARDED_HOPS_MAX);
  for (const hop of hops.reverse().map((part) => part.trim())) {
    if (!isAmong(address, proxies)) return address;
    const bytes = parseAddress(hop);
    // What a trusted proxy wrote is an address; whatever else stands here came through it from further away.
    if (bytes === undefined) return address;
    address = hop.toLowerCase();
  }
  return address;
}

function isAmong(address: string, ranges: readonly AddressRange[]): boolean {
  const bytes = parseAddress(address);
  return bytes !== undefined && ranges.some((range) => holds(range, bytes));
}

function holds({ bytes, prefixBits }: AddressRange, address: readonly number[]): boolean {
  if (bytes.length !== address.length) return false;
  return bytes.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefixBits - index * 8));
    const mask = (0xff << (8 - bits)) & 0xff;
    return (byte & mask) === ((address[index] ?? 0) & mask);
  });
}

/** The 4 or 16 bytes of an address; an IPv4 address in IPv6's clothes has 4. Undefined for anything else. */
function parseAddress(text: string): number[] | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1];
  return text.includes(":") && mapped === undefined ? parseIpv6(text) : parseIpv4(mapped ?? text);
}

function parseIpv4(text: string): number[] | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  const bytes = text.split(".").map(Number);
  return bytes.every((byte) => byte <= 0xff) ? bytes : undefined;
}

function parseIpv6(text: string): number[] | undefined {
  const [head = "", tail, ...rest] = text.split("::");
  if (rest.length > 0) return undefined;
  const split = (part: string | undefined) => (part === undefined || part === "" ? [] : part.split(":"));
  const [front, back] = [split(head), split(tail)];
  const missing = 8 - front.length - back.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...front, ...Array<string>(missing).fill("0"), ...back];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
