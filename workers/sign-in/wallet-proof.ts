// Asking a wallet to sign, and judging what comes back. Invariant: whatever is presented uses its nonce up, and proves one
// address, for one purpose, in the browser that asked.
import { randomBase62 } from "../../schema/token.ts";
import { type BrowserServices, holderOf, type SignInPurpose } from "./browser-services.ts";
import { type ChallengeProblem, issueChallenge, takeChallenge } from "./challenge-service.ts";
import { judgeContractSignature } from "./wallet-contract.ts";
import {
  type ExpectedMessage,
  findFreshnessProblem,
  findMessageProblem,
  type MessageProblem,
  parseMessage,
  type SignInMessage,
  writeMessage,
} from "./wallet-message.ts";
import { addChecksum, hashPersonalMessage, readHex, recoverSigner } from "./wallet-signature.ts";

const NONCE_LENGTH = 22;
const MAIN_CHAIN = 1;

export type WalletPurpose = SignInPurpose | "add";

/**
 * A message for a wallet to sign, and the nonce in it kept.
 * @param wallet `address`: 40 hex digits after `0x`; `chainId`: the chain it is on, which matters for contracts only.
 * @returns undefined when that is no address.
 */
export async function askWallet(
  services: BrowserServices,
  purpose: WalletPurpose,
  wallet: { address: string; chainId: number },
): Promise<string | undefined> {
  if (!/^0x[0-9a-fA-F]{40}$/.test(wallet.address)) return undefined;
  const nonce = randomBase62(NONCE_LENGTH);
  const { database } = services;
  const times = await issueChallenge(database.query, "siwe", nonce, holderOf(services, purpose));
  const { chainIds, domain, statement, uri } = expectMessage(services, purpose, nonce);
  return writeMessage({
    ...{ domain, address: addChecksum(wallet.address.toLowerCase()), statement, uri, version: "1", nonce },
    chainId: chainIds.includes(wallet.chainId) ? wallet.chainId : MAIN_CHAIN,
    issuedAt: times.issuedAt.toISOString(),
    expirationTime: times.expiresAt.toISOString(),
  });
}

export interface SignedMessage {
  message: string;
  /** `0x` and hex digits. */
  signature: string;
}

type WalletProblem =
  | { reason: MessageProblem | ChallengeProblem | "signature" | "no-contract" }
  | { reason: "no-node"; chainId: number };

/** Whose wallet signed, in lowercase, or why that isn't proved. @throws ForgeError as `judgeContractSignature`. */
export async function judgeProof(
  services: BrowserServices,
  purpose: WalletPurpose,
  signed: SignedMessage,
): Promise<{ address: string } | WalletProblem> {
  const message = parseMessage(signed.message);
  if (message === undefined) return { reason: "malformed" };
  const { database } = services;
  const { nonce } = message;
  const { state } = await takeChallenge(database.query, "siwe", nonce, holderOf(services, purpose));
  if (state !== "taken") return { reason: state };
  const now = new Date();
  const reason =
    findMessageProblem(message, expectMessage(services, purpose, nonce), now) ??
    findFreshnessProblem(message, now);
  return reason === undefined ? judgeSignature(services, message, signed) : { reason };
}

async function judgeSignature(
  services: BrowserServices,
  message: SignInMessage,
  signed: SignedMessage,
): Promise<{ address: string } | WalletProblem> {
  const signature = readHex(signed.signature);
  if (signature === undefined) return { reason: "signature" };
  const address = message.address.toLowerCase();
  const hash = hashPersonalMessage(signed.message);
  if (recoverSigner(hash, signature) === address) return { address };
  const nodeUrl = services.env.ethereumNodes.get(message.chainId);
  if (nodeUrl === undefined) return { reason: "no-node", chainId: message.chainId };
  const verdict = await judgeContractSignature(nodeUrl, message.chainId, { address, hash, signature });
  if (verdict === "valid") return { address };
  return { reason: verdict === "no-contract" ? "no-contract" : "signature" };
}

/** A refusal as its reader may have it: what to do, and nothing that helps to guess. */
export function explainProblem(problem: WalletProblem): string {
  switch (problem.reason) {
    case "no-node":
      return (
        "The signature isn't one of this wallet's own key. If it is a contract wallet, this Plue can't check it: " +
        `no Ethereum node is configured for chain ${problem.chainId}.`
      );
    case "signature":
    case "no-contract":
      return "The signature isn't this wallet's.";
    case "unknown":
    case "other-browser":
    case "other-person":
    case "used":
    case "expired":
    case "issued-at":
      return "What the wallet signed has expired or was used already. Try again.";
    default:
      return "The wallet signed something else than it was asked to. Try again.";
  }
}

function expectMessage(
  { env, actor }: BrowserServices,
  purpose: WalletPurpose,
  nonce: string,
): ExpectedMessage {
  const site = new URL(env.publicUrl);
  const isAdding = purpose === "add" && actor.kind === "user";
  return {
    domain: site.host,
    scheme: site.protocol.slice(0, -1),
    uri: `${env.publicUrl}/${isAdding ? "settings/wallets" : "login"}`,
    statement: isAdding ? `Let this wallet sign in to Plue as ${actor.username}.` : "Sign in to Plue.",
    nonce,
    chainIds: [MAIN_CHAIN, ...env.ethereumNodes.keys()],
  };
}
