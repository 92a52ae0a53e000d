// SSH signatures of commits (PROTOCOL.sshsig of OpenSSH, gitformat-signature), verified with WebCrypto against the key that
// they carry. Whose key that is is another question: its fingerprint answers it. Pure.
import { createHash } from "node:crypto";
import { GitError } from "../git/object/git-error.ts";
import { SshReader, writeSshStrings } from "./ssh-strings.ts";

interface SshSignature {
  readonly publicKey: Uint8Array;
  /** `SHA256:` and base64 without padding, as `ssh-keygen -lf` prints. */
  readonly fingerprint: string;
  readonly namespace: string;
  readonly hashAlgorithm: string;
  readonly algorithm: string;
  readonly signature: Uint8Array;
}

const ARMOR = /^-----BEGIN SSH SIGNATURE-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END SSH SIGNATURE-----\s*$/;
const MAGIC = "SSHSIG";
/** What git signs commits and tags for. */
const GIT_NAMESPACE = "git";
const RSA_BITS_MIN = 2048;

/** Reads an armored signature; null when it isn't one. */
export function parseSshSignature(armored: string): SshSignature | null {
  const [, base64] = ARMOR.exec(armored) ?? [];
  if (base64 === undefined) return null;
  try {
    const reader = new SshReader(Buffer.from(base64.replace(/\s/g, ""), "base64"));
    if (reader.readBytes(MAGIC.length).toString() !== MAGIC || reader.readNumber() !== 1) return null;
    const publicKey = reader.readString();
    const namespace = reader.readString().toString();
    reader.readString();
    const hashAlgorithm = reader.readString().toString();
    const inner = new SshReader(reader.readString());
    const algorithm = inner.readString().toString();
    const signature = inner.readString();
    if (!reader.isAtEnd || !inner.isAtEnd) return null;
    const digest = createHash("sha256").update(publicKey).digest("base64").replace(/=+$/, "");
    return {
      ...{ publicKey, namespace, hashAlgorithm, algorithm, signature },
      fingerprint: `SHA256:${digest}`,
    };
  } catch (error) {
    if (error instanceof GitError) return null;
    throw error;
  }
}

/** Whether the key that the signature carries signed `message` for git. Kinds of key that aren't known sign nothing. */
export async function verifySshSignature(signed: SshSignature, message: Uint8Array): Promise<boolean> {
  if (signed.namespace !== GIT_NAMESPACE) return false;
  if (signed.hashAlgorithm !== "sha256" && signed.hashAlgorithm !== "sha512") return false;
  const digest = createHash(signed.hashAlgorithm).update(message).digest();
  const data = Buffer.concat([
    Buffer.from(MAGIC),
    writeSshStrings(signed.namespace, "", signed.hashAlgorithm, digest),
  ]);
  try {
    return await verifyByKind(signed, data);
  } catch (error) {
    // A key or signature that is cut short, or that WebCrypto can't import.
    if (error instanceof GitError || error instanceof DOMException) return false;
    throw error;
  }
}

async function verifyByKind(signed: SshSignature, data: Uint8Array): Promise<boolean> {
  const key = new SshReader(Buffer.from(signed.publicKey));
  const kind = key.readString().toString();
  if (kind === "ssh-ed25519" && signed.algorithm === kind) {
    const imported = await importRaw(key.readString(), { name: "Ed25519" });
    return crypto.subtle.verify("Ed25519", imported, new Uint8Array(signed.signature), new Uint8Array(data));
  }
  const curve = CURVES[kind];
  if (curve !== undefined && signed.algorithm === kind) {
    key.readString();
    const imported = await importRaw(key.readString(), { name: "ECDSA", namedCurve: curve.name });
    const numbers = new SshReader(Buffer.from(signed.signature));
    const [r, s] = [numbers.readString(), numbers.readString()];
    const raw = Buffer.concat([padTo(r, curve.bytes), padTo(s, curve.bytes)]);
    return crypto.subtle.verify({ name: "ECDSA", hash: curve.hash }, imported, raw, new Uint8Array(data));
  }
  const hash = RSA_HASHES[signed.algorithm];
  return kind === "ssh-rsa" && hash !== undefined ? verifyRsa(key, hash, signed, data) : false;
}

const CURVES: Record<string, { name: string; hash: string; bytes: number }> = {
  "ecdsa-sha2-nistp256": { name: "P-256", hash: "SHA-256", bytes: 32 },
  "ecdsa-sha2-nistp384": { name: "P-384", hash: "SHA-384", bytes: 48 },
  "ecdsa-sha2-nistp521": { name: "P-521", hash: "SHA-512", bytes: 66 },
};
// `ssh-rsa` itself is SHA-1, which nobody may rely on.
const RSA_HASHES: Record<string, string> = { "rsa-sha2-256": "SHA-256", "rsa-sha2-512": "SHA-512" };

async function verifyRsa(key: SshReader, hash: string, signed: SshSignature, data: Uint8Array) {
  const e = trim(key.readString());
  const n = trim(key.readString());
  if (n.length * 8 < RSA_BITS_MIN) return false;
  const jwk = { kty: "RSA", n: n.toString("base64url"), e: e.toString("base64url") };
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash };
  const imported = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["verify"]);
  return crypto.subtle.verify(
    algorithm.name,
    imported,
    new Uint8Array(signed.signature),
    new Uint8Array(data),
  );
}

const importRaw = (bytes: Buffer, algorithm: { name: string; namedCurve?: string }): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", new Uint8Array(bytes), algorithm, false, ["verify"]);

// SSH's numbers have leading zeros where their first bit is set.
function trim(number: Buffer): Buffer {
  let at = 0;
  while (at < number.length && number[at] === 0) at++;
  return number.subarray(at);
}

function padTo(number: Buffer, bytes: number): Buffer {
  const trimmed = trim(number);
  if (trimmed.length > bytes) throw new GitError("bad_object", "a signature's number is too large");
  return Buffer.concat([Buffer.alloc(bytes - trimmed.length), trimmed]);
}
