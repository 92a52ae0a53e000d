// Messages of Sign-In with Ethereum, written and judged. Invariant: a message is good only when every one of its fields is
// what this site would have written; a field that is absent where it must be present is as wrong as a wrong one.
// After https://eips.ethereum.org/EIPS/eip-4361
import { SiweMessage } from "@signinwithethereum/siwe";
import { CHALLENGE_LIFETIME_MS } from "../core/limits.ts";
import { addChecksum } from "./wallet-signature.ts";

/** Two machines' clocks may differ by this much. */
const CLOCK_SKEW_MS = 60_000;
const MESSAGE_CHARACTERS_MAX = 4_000;

/** What a message must say. */
export interface ExpectedMessage {
  /** Host and port of the site, as in its addresses. */
  domain: string;
  /** `https` or `http`; a message may leave it out. */
  scheme: string;
  uri: string;
  statement: string;
  nonce: string;
  chainIds: readonly number[];
}

export interface SignInMessage {
  scheme?: string | undefined;
  domain: string;
  /** With the checksum of EIP-55. */
  address: string;
  statement?: string | undefined;
  uri: string;
  version: string;
  chainId: number;
  nonce: string;
  /** Times as RFC 3339 writes them. */
  issuedAt: string;
  expirationTime?: string | undefined;
  notBefore?: string | undefined;
  requestId?: string | undefined;
  resources?: string[] | undefined;
}

/** What is wrong with a message, in a word for the audit log. */
export type MessageProblem =
  | "malformed"
  | "domain"
  | "scheme"
  | "uri"
  | "version"
  | "chain-id"
  | "nonce"
  | "statement"
  | "request-id"
  | "resources"
  | "expired"
  | "not-yet-valid"
  | "issued-at"
  | "expiration-time";

/** The text that a wallet is asked to sign. @throws Error when a field doesn't fit the grammar. */
export function writeMessage(fields: SignInMessage): string {
  return new SiweMessage(withoutAbsent(fields)).prepareMessage();
}

/** Reads a message by the grammar of the EIP; undefined for any other text, and for an address with a wrong checksum. */
export function parseMessage(text: string): SignInMessage | undefined {
  if (text.length > MESSAGE_CHARACTERS_MAX) return undefined;
  const message = readByGrammar(text);
  // A warning is a lenience of the parser's. What it reads must be all that there is.
  if (message === undefined || message.prepareMessage() !== text) return undefined;
  const digits = addChecksum(message.address.toLowerCase()).slice(2);
  if (message.address !== `0x${digits}`) return undefined;
  // It also warns of an address in one case where that is the checksum, as it is for one wallet in two thousand.
  const isOneCase = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  if (message.warnings.length > (isOneCase ? 1 : 0)) return undefined;
  return { ...message, issuedAt: message.issuedAt ?? "" };
}

// The parser says no by throwing, whatever the text.
function readByGrammar(text: string): SiweMessage | undefined {
  try {
    return new SiweMessage(text);
  } catch {
    return undefined;
  }
}

/** The rules of the EIP, and that all it says is what was expected. Undefined when nothing is wrong. */
export function findMessageProblem(
  message: SignInMessage,
  expected: ExpectedMessage,
  now: Date,
): MessageProblem | undefined {
  if (message.domain !== expected.domain) return "domain";
  if (message.scheme !== undefined && message.scheme !== expected.scheme) return "scheme";
  if (message.uri !== expected.uri) return "uri";
  if (message.version !== "1") return "version";
  if (!expected.chainIds.includes(message.chainId)) return "chain-id";
  if (message.nonce !== expected.nonce) return "nonce";
  if (message.statement !== expected.statement) return "statement";
  if (message.requestId !== undefined) return "request-id";
  if (message.resources !== undefined) return "resources";
  const nowMs = now.getTime();
  if (message.expirationTime !== undefined && !(nowMs < Date.parse(message.expirationTime))) return "expired";
  if (message.notBefore !== undefined && !(nowMs >= Date.parse(message.notBefore))) return "not-yet-valid";
  return undefined;
}

/** Our own rule besides: written just now, and good for no longer than its nonce. Undefined when nothing is wrong. */
export function findFreshnessProblem(message: SignInMessage, now: Date): MessageProblem | undefined {
  const ageMs = now.getTime() - Date.parse(message.issuedAt);
  if (!(ageMs >= -CLOCK_SKEW_MS && ageMs <= CHALLENGE_LIFETIME_MS)) return "issued-at";
  if (message.expirationTime === undefined) return "expiration-time";
  const lifetimeMs = Date.parse(message.expirationTime) - Date.parse(message.issuedAt);
  return lifetimeMs > 0 && lifetimeMs <= CHALLENGE_LIFETIME_MS ? undefined : "expiration-time";
}

function withoutAbsent(fields: SignInMessage) {
  const { scheme, statement, expirationTime, notBefore, requestId, resources, ...required } = fields;
  return {
    ...required,
    ...(scheme === undefined ? {} : { scheme }),
    ...(statement === undefined ? {} : { statement }),
    ...(expirationTime === undefined ? {} : { expirationTime }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(resources === undefined ? {} : { resources }),
  };
}
