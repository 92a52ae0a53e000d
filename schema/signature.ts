// Requests between the Worker and the gateway are signed with their shared secret: HMAC-SHA-256 over the time,
// the method, the path with its query, and the SHA-256 of the body. A signature is good for a minute.
import { areEqualSecrets } from "./constant-time.ts";

export const SIGNATURE_HEADER = "x-plue-signature";
const VALID_MS = 60_000;

interface SignedRequest {
  method: string;
  /** Path and query, as in the request line. */
  path: string;
  body: string;
}

/** The value of the signature header: `t=<ms>,v1=<hex>`. */
export async function signRequest(
  secret: string,
  request: SignedRequest,
  nowMs = Date.now(),
): Promise<string> {
  return `t=${nowMs},v1=${toHex(await computeMac(secret, request, nowMs))}`;
}

/** Whether `header` is a signature of this request by `secret`, made within the last minute. */
export async function verifySignature(
  secret: string,
  request: SignedRequest,
  header: string | null | undefined,
  nowMs = Date.now(),
): Promise<boolean> {
  const match = /^t=(\d{1,15}),v1=([0-9a-f]{64})$/.exec(header ?? "");
  if (!match?.[1] || !match[2]) return false;
  const signedAtMs = Number(match[1]);
  if (Math.abs(nowMs - signedAtMs) > VALID_MS) return false;
  const expected = toHex(await computeMac(secret, request, signedAtMs));
  return areEqualSecrets(expected, match[2]);
}

async function computeMac(secret: string, request: SignedRequest, atMs: number): Promise<ArrayBuffer> {
  const encoder = new TextEncoder();
  const bodyHash = toHex(await crypto.subtle.digest("SHA-256", encoder.encode(request.body)));
  const key = await crypto.subtle.importKey(
    "raw",
    encoder.encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  return crypto.subtle.sign(
    "HMAC",
    key,
    encoder.encode(`${atMs}\n${request.method}\n${request.path}\n${bodyHash}`),
  );
}

function toHex(buffer: ArrayBuffer): string {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
