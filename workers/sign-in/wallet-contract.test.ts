// Contract wallets, deployed and not: contracts that run on an EVM behind a node's JSON-RPC say what is theirs.
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WALLET_SIGNATURE_BYTES_MAX } from "../core/limits.ts";
import { type EthereumNode, startEthereumNode } from "./testing/ethereum-node.ts";
import { createSigningKey } from "./testing/signing-key.ts";
import {
  FACTORY_ADDRESS,
  FACTORY_CODE,
  predictAddress,
  wrapUndeployed,
  writeInitCode,
  writeWalletCode,
} from "./testing/wallet-contracts.ts";
import { judgeContractSignature, readUndeployed } from "./wallet-contract.ts";
import { hashPersonalMessage, readHex } from "./wallet-signature.ts";

const owner = createSigningKey();
const other = createSigningKey();
const hash = hashPersonalMessage("a message");
const sign = (key = owner, text = "a message") => readHex(key.signMessage(text)) ?? new Uint8Array();
const address = (seed: number) => `0x${seed.toString(16).padStart(2, "0").repeat(20)}`;
const code = writeWalletCode(owner.address.toLowerCase());
const initCode = writeInitCode(code);
const salt = keccak_256(Uint8Array.of(4));
const wallet = predictAddress(salt, initCode);
const factoryCall = concatBytes(salt, initCode);

let node: EthereumNode;
const judge = (address: string, signature: Uint8Array, chainId = 1) =>
  judgeContractSignature(node.url, chainId, { address, hash, signature });

beforeAll(async () => {
  node = await startEthereumNode();
  await node.deploy(FACTORY_ADDRESS, FACTORY_CODE);
});
afterAll(() => node.close());

describe("a wallet that is deployed", () => {
  it("takes what its owner signed, and nothing else", async () => {
    await node.deploy(address(1), code);
    expect(await judge(address(1), sign())).toBe("valid");
    expect(await judge(address(1), sign(other))).toBe("invalid");
    expect(await judge(address(1), sign(owner, "another message"))).toBe("invalid");
    expect(await judge(address(1), new Uint8Array())).toBe("invalid");
  });

  it("takes what is wrapped for before it was deployed, without deploying it again", async () => {
    await node.deploy(address(2), code);
    const asked = node.asked.length;
    expect(await judge(address(2), wrapUndeployed(factoryCall, sign()))).toBe("valid");
    expect(await judge(address(2), wrapUndeployed(factoryCall, sign(other)))).toBe("invalid");
    expect(node.asked.slice(asked).sort()).toEqual(
      ["eth_call", "eth_call", "eth_chainId", "eth_chainId", "eth_getCode", "eth_getCode"].sort(),
    );
  });

  it.each([
    ["reverts", "60006000fd"],
    ["runs out of its rails", "fe"],
    ["returns nothing", "00"],
    ["returns the magic value in four bytes", "631626ba7e60e01b60005260046000f3"],
    ["returns the magic value and something more", "631626ba7e60e01b60010160005260206000f3"],
    ["returns the magic value at the wrong end", "631626ba7e60005260206000f3"],
    ["returns one", "600160005260206000f3"],
    ["gives back what it is asked", "366000600037366000f3"],
  ])("that %s has signed nothing", async (_, program) => {
    await node.deploy(address(3), hexToBytes(program));
    expect(await judge(address(3), sign())).toBe("invalid");
  });
});

describe("a wallet that is not deployed", () => {
  it("takes what its owner signed, wrapped with how to deploy it, and stays undeployed", async () => {
    expect(await judge(wallet, wrapUndeployed(factoryCall, sign()))).toBe("valid");
    expect(await judge(wallet, wrapUndeployed(factoryCall, sign()))).toBe("valid");
    expect(await judge(wallet, sign())).toBe("no-contract");
  });

  it("takes nothing else", async () => {
    expect(await judge(wallet, wrapUndeployed(factoryCall, sign(other)))).toBe("invalid");
    const foreign = concatBytes(salt, writeInitCode(writeWalletCode(other.address.toLowerCase())));
    expect(await judge(wallet, wrapUndeployed(foreign, sign(other)))).toBe("invalid");
    expect(await judge(wallet, wrapUndeployed(new Uint8Array(), sign()))).toBe("invalid");
    expect(await judge(address(9), wrapUndeployed(factoryCall, sign()))).toBe("invalid");
  });

  it("isn't a person whose key signed nothing", async () => {
    expect(await judge(owner.address, sign(other))).toBe("no-contract");
  });
});

describe("what wraps a signature", () => {
  it("is read to its bounds, and nothing makes the reader fail", () => {
    const suffix = hexToBytes("6492".repeat(16));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (call, signature) => {
        const wrapped = wrapUndeployed(call, signature);
        expect(readUndeployed(wrapped)).toMatchObject({ factoryCall: call, signature });
        expect(readUndeployed(wrapped.subarray(0, -1))).toBeUndefined();
        readUndeployed(concatBytes(signature, suffix));
        const cut = concatBytes(wrapped.subarray(0, call.length), suffix);
        expect(readUndeployed(cut)?.signature ?? signature).toEqual(signature);
      }),
      { seed: 6492 },
    );
  });

  it("may be as long as the limit and no longer", async () => {
    const long = (size: number) => judge(address(4), new Uint8Array(size));
    await node.deploy(address(4), hexToBytes("631626ba7e60e01b60005260206000f3"));
    expect(await long(WALLET_SIGNATURE_BYTES_MAX)).toBe("valid");
    expect(await long(WALLET_SIGNATURE_BYTES_MAX + 1)).toBe("invalid");
  });
});

describe("a node", () => {
  it("of another chain is a mistake of whoever configured it", async () => {
    await expect(judge(address(1), sign(), 10)).rejects.toMatchObject({ code: "misconfigured" });
  });
  it("that can't be asked says neither yes nor no", async () => {
    const away = await startEthereumNode();
    await away.close();
    const claim = { address: wallet, hash, signature: sign() };
    await expect(judgeContractSignature(away.url, 1, claim)).rejects.toMatchObject({ code: "unavailable" });
  });
});
