// Whether a contract says that a signature is its own: deployed wallets by ERC-1271, ones yet to be deployed by ERC-6492.
// Invariant: only the magic value in a whole word is a yes; a node that can't be asked is neither yes nor no.
// After https://eips.ethereum.org/EIPS/eip-1271 and https://eips.ethereum.org/EIPS/eip-6492
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import { ForgeError } from "../core/errors.ts";
import { WALLET_SIGNATURE_BYTES_MAX } from "../core/limits.ts";
import { askNode } from "./ethereum-node.ts";
import { readHex } from "./wallet-signature.ts";

const MAGIC_VALUE = hexToBytes(`1626ba7e${"00".repeat(28)}`);
const UNDEPLOYED_SUFFIX = "6492".repeat(16);
const WORD_BYTES = 32;

interface Claim {
  /** `0x` and 40 hex digits. */
  address: string;
  hash: Uint8Array;
  signature: Uint8Array;
}

/**
 * Asks the chain's node what the contract says.
 * @returns `no-contract` when nothing is deployed there and the signature doesn't say how to.
 * @throws ForgeError `unavailable` when the node doesn't answer, `misconfigured` when it serves another chain.
 */
export async function judgeContractSignature(
  nodeUrl: string,
  chainId: number,
  claim: Claim,
): Promise<"valid" | "invalid" | "no-contract"> {
  if (claim.signature.length > WALLET_SIGNATURE_BYTES_MAX) return "invalid";
  const [chain, code] = await Promise.all([
    askNode(nodeUrl, "eth_chainId", []),
    askNode(nodeUrl, "eth_getCode", [claim.address, "latest"]),
  ]);
  if (chain === "reverted" || Number(chain.result) !== chainId) {
    throw new ForgeError("misconfigured", "The server is misconfigured.", {
      cause: new Error(`ETHEREUM_RPC_URL of chain ${chainId} serves another chain`),
    });
  }
  const isDeployed = code !== "reverted" && code.result !== "0x";
  const undeployed = readUndeployed(claim.signature);
  if (isDeployed) {
    const signature = undeployed?.signature ?? claim.signature;
    const data = encodeQuestion(claim.hash, signature);
    return judgeAnswer(nodeUrl, { to: claim.address, data: `0x${bytesToHex(data)}` });
  }
  if (undeployed === undefined) return "no-contract";
  const data = writeDeployAndAsk(claim.address, undeployed, encodeQuestion(claim.hash, undeployed.signature));
  return judgeAnswer(nodeUrl, { data: `0x${bytesToHex(data)}` });
}

async function judgeAnswer(
  nodeUrl: string,
  call: { to?: string; data: string },
): Promise<"valid" | "invalid"> {
  const answer = await askNode(nodeUrl, "eth_call", [call, "latest"]);
  return answer !== "reverted" && answer.result === `0x${bytesToHex(MAGIC_VALUE)}` ? "valid" : "invalid";
}

/** The call `isValidSignature(bytes32,bytes)`. */
export function encodeQuestion(hash: Uint8Array, signature: Uint8Array): Uint8Array {
  const padding = new Uint8Array((WORD_BYTES - (signature.length % WORD_BYTES)) % WORD_BYTES);
  return concatBytes(
    MAGIC_VALUE.subarray(0, 4),
    hash,
    encodeNumber(2 * WORD_BYTES),
    encodeNumber(signature.length),
    signature,
    padding,
  );
}

interface Undeployed {
  factory: Uint8Array;
  factoryCall: Uint8Array;
  signature: Uint8Array;
}

/** What ERC-6492 wraps, `(address, bytes, bytes)` before the suffix; undefined for a signature that isn't wrapped. */
export function readUndeployed(signature: Uint8Array): Undeployed | undefined {
  const body = signature.subarray(0, Math.max(0, signature.length - WORD_BYTES));
  if (bytesToHex(signature.subarray(body.length)) !== UNDEPLOYED_SUFFIX) return undefined;
  const factoryCall = readBytes(body, readNumber(body, WORD_BYTES));
  const inner = readBytes(body, readNumber(body, 2 * WORD_BYTES));
  if (factoryCall === undefined || inner === undefined) return undefined;
  if (body.subarray(0, 12).some((byte) => byte !== 0)) return undefined;
  return { factory: body.slice(12, WORD_BYTES), factoryCall, signature: inner };
}

function readBytes(body: Uint8Array, at: number): Uint8Array | undefined {
  const sizeBytes = readNumber(body, at);
  const bytes = body.slice(at + WORD_BYTES, at + WORD_BYTES + sizeBytes);
  return bytes.length === sizeBytes ? bytes : undefined;
}

/** The word at an offset; infinite when it isn't within the body or is far beyond any size. */
function readNumber(body: Uint8Array, at: number): number {
  const word = body.slice(at, at + WORD_BYTES);
  if (word.length < WORD_BYTES || word.subarray(0, 28).some((byte) => byte !== 0))
    return Number.POSITIVE_INFINITY;
  return new DataView(word.buffer).getUint32(28);
}

function encodeNumber(value: number): Uint8Array {
  const word = new Uint8Array(WORD_BYTES);
  new DataView(word.buffer).setUint32(28, value);
  return word;
}

const [POP, MLOAD, MSTORE, GAS] = [0x50, 0x51, 0x52, 0x5a];
const [MUL, LT, CODECOPY, RETURNDATASIZE] = [0x02, 0x10, 0x39, 0x3d];
const [CALL, RETURN, STATICCALL] = [0xf1, 0xf3, 0xfa];

const push4 = (value: number): number[] => [0x63, ...encodeNumber(value).subarray(28)];
const push20 = (address: Uint8Array): number[] => [0x73, ...address];

/**
 * A program that is called as if it were to be deployed, so that it runs on the node and nothing is kept: calls the
 * factory, then asks the wallet, and returns its answer, or zero where the call failed or returned less than a word.
 */
function writeDeployAndAsk(address: string, undeployed: Undeployed, question: Uint8Array): Uint8Array {
  const { factory, factoryCall } = undeployed;
  const wallet = readHex(address) ?? new Uint8Array(20);
  // Where neither call's arguments reach, so that the answer's place holds zeros until there is one.
  const answerAt = Math.ceil(Math.max(factoryCall.length, question.length) / WORD_BYTES) * WORD_BYTES;
  const write = (codeBytes: number): number[] => [
    ...[...push4(factoryCall.length), ...push4(codeBytes), ...push4(0), CODECOPY],
    ...[...push4(0), ...push4(0), ...push4(factoryCall.length), ...push4(0), ...push4(0)],
    ...[...push20(factory), GAS, CALL, POP],
    ...[...push4(question.length), ...push4(codeBytes + factoryCall.length), ...push4(0), CODECOPY],
    ...[...push4(WORD_BYTES), ...push4(answerAt), ...push4(question.length), ...push4(0)],
    ...[...push20(wallet), GAS, STATICCALL],
    // 1 if it returned a word or more, times 1 if it succeeded, times what it returned.
    ...[RETURNDATASIZE, ...push4(WORD_BYTES - 1), LT, MUL],
    ...[...push4(answerAt), MLOAD, MUL, ...push4(0), MSTORE],
    ...[...push4(WORD_BYTES), ...push4(0), RETURN],
  ];
  const code = write(write(0).length);
  return concatBytes(Uint8Array.from(code), factoryCall, question);
}
