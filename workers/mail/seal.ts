// How a mail, and what a browser left for its next request, lies in the database: AES-256-GCM under a key derived from a
// secret that the database hasn't.
// Invariant: what was changed, or sealed under another secret, doesn't open.
import { Buffer } from "node:buffer";

const IV_BYTES = 12;
const MAIL = "mail that waits";

/**
 * `v1.<iv>.<ciphertext and tag>`, base64url.
 * @param purpose what is sealed for one opens for no other
 */
export async function seal(secret: string, text: string, purpose = MAIL): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv },
    await deriveKey(secret, purpose),
    new TextEncoder().encode(text),
  );
  return `v1.${Buffer.from(iv).toString("base64url")}.${Buffer.from(sealed).toString("base64url")}`;
}

/** What was sealed under `secret`; undefined when it was not, or isn't whole. */
export async function unseal(secret: string, sealed: string, purpose = MAIL): Promise<string | undefined> {
  const match = /^v1\.([\w-]{16})\.([\w-]{22,})$/.exec(sealed);
  if (!match?.[1] || !match[2]) return undefined;
  const [iv, text] = [Buffer.from(match[1], "base64url"), Buffer.from(match[2], "base64url")];
  try {
    const opened = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv },
      await deriveKey(secret, purpose),
      text,
    );
    return new TextDecoder().decode(opened);
  } catch (error) {
    if (error instanceof Error && error.name === "OperationError") return undefined;
    throw error;
  }
}

async function deriveKey(secret: string, purpose: string): Promise<CryptoKey> {
  const input = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), "HKDF", false, [
    "deriveKey",
  ]);
  return crypto.subtle.deriveKey(
    {
      name: "HKDF",
      hash: "SHA-256",
      salt: new Uint8Array(32),
      info: new TextEncoder().encode(`plue: ${purpose}, v1`),
    },
    input,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}
