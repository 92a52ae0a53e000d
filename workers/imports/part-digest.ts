// Which digest a client says that a part has: `Content-Digest` (RFC 9530) by SHA-256, or `Content-MD5` (RFC 1864).
// Pure.
import { ForgeError } from "../core/errors.ts";

/** As R2 wants it; empty when the client said nothing. */
export type PartDigest = { readonly sha256: string } | { readonly md5: string } | Record<string, never>;

const SHA256_BYTES = 32;
const MD5_BYTES = 16;

/** @throws ForgeError `bad_request` for a digest that can't be one. */
export function readPartDigest(headers: Headers): PartDigest {
  const contentDigest = headers.get("content-digest");
  const sha256 = /(?:^|,)\s*sha-256=:([^:]*):/.exec(contentDigest ?? "")?.[1];
  if (sha256 !== undefined) return { sha256: toHex(sha256, SHA256_BYTES) };
  if (contentDigest !== null) throw malformed();
  const md5 = headers.get("content-md5");
  return md5 === null ? {} : { md5: toHex(md5, MD5_BYTES) };
}

function toHex(base64: string, sizeBytes: number): string {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64.trim())) throw malformed();
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length !== sizeBytes) throw malformed();
  return bytes.toString("hex");
}

function malformed(): ForgeError {
  return new ForgeError(
    "bad_request",
    "Content-Digest is to be `sha-256=:…:` and Content-MD5 an MD5, both in base64.",
  );
}
