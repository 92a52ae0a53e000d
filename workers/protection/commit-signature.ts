// What a commit's signature is, and what it signs (gitformat-signature): the commit without its signature's lines.
import { parseHeaders } from "../git/object/parse-headers.ts";

type CommitSignature =
  | { readonly kind: "none" | "openpgp" | "x509" | "unknown" }
  | { readonly kind: "ssh"; readonly armored: string };

/** The kind of a commit's signature. Of an SSH signature alone anything more is looked at. */
export function readCommitSignature(commit: Uint8Array): CommitSignature {
  const { headers } = parseHeaders(commit);
  const armored = headers.find(([key]) => key === "gpgsig")?.[1];
  if (armored === undefined) return { kind: "none" };
  if (armored.startsWith("-----BEGIN SSH SIGNATURE-----")) return { kind: "ssh", armored };
  if (/^-----BEGIN PGP (SIGNATURE|MESSAGE)-----/.test(armored)) return { kind: "openpgp" };
  return { kind: armored.startsWith("-----BEGIN SIGNED MESSAGE-----") ? "x509" : "unknown" };
}

/** The bytes that a commit's signature is made over. */
export function readSignedBytes(commit: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let isSignature = false;
  let at = 0;
  while (at < commit.length && commit[at] !== 0x0a) {
    let end = commit.indexOf(0x0a, at);
    end = end < 0 ? commit.length : end + 1;
    const line = commit.subarray(at, end);
    if (line[0] !== 0x20) isSignature = /^gpgsig(-sha256)? /.test(decoder.decode(line.subarray(0, 16)));
    if (!isSignature) parts.push(line);
    at = end;
  }
  return Buffer.concat([...parts, commit.subarray(at)]);
}

const decoder = new TextDecoder("latin1");
