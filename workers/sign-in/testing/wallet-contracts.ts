// Contracts of wallets, assembled by hand: one that takes its owner's signatures, and the factory that deploys it.
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";

/** Code of a wallet whose `isValidSignature` takes 65 bytes that `owner` signed. @param owner 40 hex digits after `0x` */
export function writeWalletCode(owner: string): Uint8Array {
  return hexToBytes(
    [
      "600435600052", // hash to 0
      "60a43560f81c602052", // v to 32
      "606435604052", // r to 64
      "608435606052", // s to 96
      "602060006080600060015afa50", // ecrecover to 0
      `60005173${owner.slice(2)}14`, // is it the owner?
      "631626ba7e60e01b02600052", // the magic value, or zero
      "60206000f3",
    ].join(""),
  );
}

/** Code of a wallet that takes one question only, whatever else its chain would have it look up. */
export function writeKnowingCode(question: Uint8Array): Uint8Array {
  const known = bytesToHex(keccak_256(question));
  return hexToBytes(`366000600037366000207f${known}14631626ba7e60e01b0260005260206000f3`);
}

/** What deploys that code. */
export function writeInitCode(code: Uint8Array): Uint8Array {
  const size = code.length.toString(16).padStart(2, "0");
  return concatBytes(hexToBytes(`60${size}600c60003960${size}6000f3`), code);
}

/** The deterministic deployment proxy that lives at the same address on every chain: salt and init code in, CREATE2. */
export const FACTORY_ADDRESS = "0x4e59b44847b379578588920ca78fbf26c0b4956c";
export const FACTORY_CODE = hexToBytes(
  "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3",
);

/** Where the factory puts a contract. */
export function predictAddress(salt: Uint8Array, initCode: Uint8Array): string {
  const preimage = concatBytes(
    Uint8Array.of(0xff),
    hexToBytes(FACTORY_ADDRESS.slice(2)),
    salt,
    keccak_256(initCode),
  );
  return `0x${bytesToHex(keccak_256(preimage).subarray(12))}`;
}

/** A signature of a wallet that isn't deployed yet, as ERC-6492 wraps it. */
export function wrapUndeployed(factoryCall: Uint8Array, signature: Uint8Array): Uint8Array {
  const word = (value: number) => hexToBytes(value.toString(16).padStart(64, "0"));
  const padded = (bytes: Uint8Array) => concatBytes(bytes, new Uint8Array((32 - (bytes.length % 32)) % 32));
  return concatBytes(
    hexToBytes(FACTORY_ADDRESS.slice(2).padStart(64, "0")),
    ...[word(96), word(96 + 32 + padded(factoryCall).length)],
    ...[word(factoryCall.length), padded(factoryCall)],
    ...[word(signature.length), padded(signature)],
    hexToBytes("6492".repeat(16)),
  );
}
