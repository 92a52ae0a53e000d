// A real key of Ethereum, for tests.
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";
import { addChecksum, addressOf, hashPersonalMessage } from "../wallet-signature.ts";

export interface SigningKey {
  /** With a checksum. */
  address: string;
  /** What `personal_sign` answers. */
  signMessage(text: string): string;
}

export function createSigningKey(secret: Uint8Array = secp256k1.utils.randomSecretKey()): SigningKey {
  return {
    address: addChecksum(addressOf(secp256k1.getPublicKey(secret, false))),
    signMessage(text) {
      const signature = secp256k1.sign(hashPersonalMessage(text), secret, {
        prehash: false,
        format: "recovered",
      });
      // The library puts the recovery bit first, Ethereum 27 more of it last.
      return `0x${bytesToHex(concatBytes(signature.subarray(1), Uint8Array.of(27 + (signature[0] ?? 0))))}`;
    },
  };
}
