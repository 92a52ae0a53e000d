// Messages and signatures of EIP-4361, every one judged right: the project's own vectors, and the EIP's public ones
// where they lie beside the repository or where PLUE_SIWE_VECTORS says.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type EthereumNode, startEthereumNode } from "./testing/ethereum-node.ts";
import { writeKnowingCode, writeWalletCode } from "./testing/wallet-contracts.ts";
import { encodeQuestion, judgeContractSignature } from "./wallet-contract.ts";
import {
  type ExpectedMessage,
  findFreshnessProblem,
  findMessageProblem,
  parseMessage,
  type SignInMessage,
  writeMessage,
} from "./wallet-message.ts";
import { hashPersonalMessage, readHex, recoverSigner } from "./wallet-signature.ts";

const read = <Shape extends z.ZodType>(file: string, shape: Shape) =>
  shape.parse(JSON.parse(readFileSync(file, "utf8")));
const named = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value);

function isSignedBy(address: string, text: string, signature: string): boolean {
  const bytes = readHex(signature);
  return bytes !== undefined && recoverSigner(hashPersonalMessage(text), bytes) === address.toLowerCase();
}

const expectation = z.object({
  domain: z.string(),
  scheme: z.string(),
  uri: z.string(),
  statement: z.string(),
  nonce: z.string(),
  chainIds: z.array(z.number()),
});
const signed = z.object({
  message: z.string(),
  signature: z.string(),
  expected: expectation,
  now: z.coerce.date(),
  problem: z.string().optional(),
});
const own = read(
  join(import.meta.dirname, "testing/siwe-vectors.json"),
  z.object({
    readable: named(z.string()),
    unreadable: named(z.string()),
    good: named(signed),
    bad: named(signed),
  }),
);

describe("the project's vectors", () => {
  it.each(Object.entries(own.readable))("read %s, and write it again", (_, text) => {
    const message = parseMessage(text);
    expect(message && writeMessage(message)).toBe(text);
  });
  it.each(Object.entries(own.unreadable))("don't read %s", (_, text) => {
    expect(parseMessage(text)).toBeUndefined();
  });
  it.each(Object.entries({ ...own.good, ...own.bad }))("judge %s", (_, vector) => {
    const message = parseMessage(vector.message);
    if (message === undefined) throw new Error("it isn't readable");
    const problem =
      findMessageProblem(message, vector.expected, vector.now) ??
      findFreshnessProblem(message, vector.now) ??
      (isSignedBy(message.address, vector.message, vector.signature) ? undefined : "signature");
    expect(problem).toBe(vector.problem);
  });
});

const folder = process.env.PLUE_SIWE_VECTORS ?? resolve(import.meta.dirname, "../../../shared/vectors/siwe");
const optionalText = z.string().optional();
const publicMessage = z.object({
  scheme: z
    .string()
    .nullish()
    .transform((scheme) => scheme ?? undefined),
  domain: z.string(),
  address: z.string(),
  statement: optionalText,
  uri: z.string(),
  version: z.string(),
  chainId: z.number(),
  nonce: z.string(),
  issuedAt: z.string(),
  expirationTime: optionalText,
  notBefore: optionalText,
  requestId: optionalText,
  resources: z.array(z.string()).optional(),
});
const verification = publicMessage.extend({
  signature: z.string(),
  time: optionalText,
  domainBinding: optionalText,
  matchNonce: optionalText,
});

/** Whether what the vector tells is a message, signed by its address, that a site with these expectations takes. */
function isTaken(vector: z.infer<typeof verification>): boolean {
  const { signature, time, domainBinding, matchNonce, ...fields } = vector;
  const expected: ExpectedMessage = {
    ...{ domain: domainBinding ?? fields.domain, scheme: "https", uri: fields.uri, chainIds: [1] },
    ...{ statement: fields.statement ?? "", nonce: matchNonce ?? fields.nonce },
  };
  const text = tryWriting(fields);
  const message = text === undefined ? undefined : parseMessage(text);
  if (text === undefined || message === undefined) return false;
  const now = time === undefined ? new Date() : new Date(time);
  return (
    findMessageProblem(message, expected, now) === undefined && isSignedBy(fields.address, text, signature)
  );
}

function tryWriting(fields: SignInMessage): string | undefined {
  try {
    return writeMessage(fields);
  } catch {
    return undefined;
  }
}

if (existsSync(folder)) describe("the public vectors", judgePublicVectors);

function judgePublicVectors(): void {
  const vectors = <Shape extends z.ZodType>(name: string, shape: Shape) =>
    Object.entries(read(join(folder, `${name}.json`), named(shape)));
  const positive = vectors("parsing_positive", z.object({ message: z.string(), fields: publicMessage }));
  const unwritable = vectors("parsing_negative_objects", z.record(z.string(), z.unknown()));

  it.each(positive)("read: %s", (_, { message, fields }) => {
    expect(parseMessage(message)).toMatchObject(JSON.parse(JSON.stringify(fields)));
    expect(writeMessage(fields)).toBe(message);
  });
  it.each(vectors("parsing_negative", z.string()))("don't read: %s", (_, text) => {
    expect(parseMessage(text)).toBeUndefined();
  });
  it.each(unwritable)("don't write: %s", (_, fields) => {
    const whole = publicMessage.safeParse(fields);
    const text = whole.success ? tryWriting(whole.data) : undefined;
    expect(text === undefined ? undefined : parseMessage(text)).toBeUndefined();
  });
  it.each(vectors("verification_positive", verification))("take: %s", (_, vector) => {
    expect(isTaken(vector)).toBe(true);
  });
  it.each(vectors("verification_negative", verification))("refuse: %s", (_, vector) => {
    expect(isTaken(vector)).toBe(false);
  });

  describe("of contract wallets", () => {
    let node: EthereumNode;
    beforeAll(async () => {
      node = await startEthereumNode();
    });
    afterAll(() => node.close());

    it.each(vectors("eip1271", z.object({ message: z.string(), signature: z.string() })))(
      "are left to the contract: %s",
      async (_, { message: text, signature }) => {
        const message = parseMessage(text);
        const bytes = readHex(signature);
        if (message === undefined || bytes === undefined) throw new Error("it isn't readable");
        const hash = hashPersonalMessage(text);
        const claim = { address: message.address, hash, signature: bytes };
        expect(isSignedBy(message.address, text, signature)).toBe(false);
        expect(await judgeContractSignature(node.url, 1, claim)).toBe("no-contract");
        await node.deploy(message.address, writeKnowingCode(encodeQuestion(hash, bytes)));
        expect(await judgeContractSignature(node.url, 1, claim)).toBe("valid");
        const altered = { ...claim, hash: hashPersonalMessage(`${text} `) };
        expect(await judgeContractSignature(node.url, 1, altered)).toBe("invalid");
        // One key's own signature, by the contract of which that key is the owner.
        const owner = recoverSigner(hash, bytes);
        if (owner === undefined) return;
        await node.deploy(message.address, writeWalletCode(owner));
        expect(await judgeContractSignature(node.url, 1, claim)).toBe("valid");
      },
    );
  });
}
