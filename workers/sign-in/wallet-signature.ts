// Who signed a message with an Ethereum key. Pure. Invariant: one signature has one form: 65 bytes, s in the lower half.
// After https://eips.ethereum.org/EIPS/eip-191 and https://eips.ethereum.org/EIPS/eip-55
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

const SIGNATURE_BYTES = 65;

/** The hash that `personal_sign` signs. */
export function hashPersonalMessage(text: string): Uint8Array {
  const bytes = utf8ToBytes(text);
  return keccak_256(concatBytes(utf8ToBytes(`\x19Ethereum Signed Message:\n${bytes.length}`), bytes));
}

/** The bytes of `0x` and hex digits; undefined for anything else. */
export function readHex(text: string): Uint8Array | undefined {
  return /^0x(?:[0-9a-fA-F]{2})*$/.test(text) ? hexToBytes(text.slice(2)) : undefined;
}

/** The address, in lowercase, whose key made the signature; undefined when it isn't a signature of one key. */
export function recoverSigner(hash: Uint8Array, signature: Uint8Array): string | undefined {
  if (signature.length !== SIGNATURE_BYTES) return undefined;
  // 27 and 28 by Ethereum's custom; some wallets write 0 and 1.
  const last = signature[SIGNATURE_BYTES - 1] ?? 0;
  const recovery = last >= 27 ? last - 27 : last;
  if (recovery !== 0 && recovery !== 1) return undefined;
  const parsed = readPoint(signature.subarray(0, 64), recovery, hash);
  return parsed && addressOf(parsed);
}

// The library says no by throwing: r or s out of range, or no point on the curve.
function readPoint(compact: Uint8Array, recovery: number, hash: Uint8Array): Uint8Array | undefined {
  try {
    const signature = secp256k1.Signature.fromBytes(compact, "compact");
    if (signature.hasHighS()) return undefined;
    return signature.addRecoveryBit(recovery).recoverPublicKey(hash).toBytes(false);
  } catch {
    return undefined;
  }
}

/** @param publicKey 65 bytes, uncompressed */
export function addressOf(publicKey: Uint8Array): string {
  return `0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(12))}`;
}

/** The address with the checksum of EIP-55. @param address `0x` and 40 lowercase hex digits */
export function addChecksum(address: string): string {
  const digits = address.slice(2);
  const hash = bytesToHex(keccak_256(utf8ToBytes(digits)));
  const cased = [...digits].map((digit, at) =>
    Number.parseInt(hash[at] ?? "0", 16) >= 8 ? digit.toUpperCase() : digit,
  );
  return `0x${cased.join("")}`;
}
