// Asking for a passkey, and judging what comes back. Invariant: a challenge is good for one judgement, right or wrong.
// The site's name to keys (the RP id) is the host people reach it at: keys made for one host are of no use at another.
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import type { UserActor } from "../core/actor.ts";
import { CHALLENGE_LIFETIME_MS } from "../core/limits.ts";
import { type BrowserServices, holderOf, type SignInPurpose } from "./browser-services.ts";
import { issueChallenge, takeChallenge } from "./challenge-service.ts";
import { readAssertion, readRegistration } from "./passkey-response.ts";
import { requireUnlocked } from "./refuse-sign-in.ts";
import * as store from "./store/passkeys.ts";

const CHALLENGE_BYTES = 32;
/** COSE's numbers of ES256, EdDSA and RS256: what every authenticator has one of. */
const ALGORITHMS = [-7, -8, -257];

/** What a browser is asked to make a passkey of. */
export async function preparePasskey(services: BrowserServices, actor: UserActor) {
  const { database, env } = services;
  const known = await store.listPasskeys(database.query, actor.userId);
  const options = await generateRegistrationOptions({
    rpName: "Plue",
    rpID: rpIdOf(env.publicUrl),
    userName: actor.username,
    userDisplayName: actor.username,
    userID: new Uint8Array(Buffer.from(userHandleOf(actor.userId))),
    challenge: crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES)),
    timeout: CHALLENGE_LIFETIME_MS,
    attestationType: "none",
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    supportedAlgorithmIDs: ALGORITHMS,
    excludeCredentials: known.map(({ credentialId }) => ({ id: credentialId })),
  });
  await issueChallenge(database.query, "passkey-register", options.challenge, holderOf(services, "add"));
  return options;
}

/** What a browser is asked to sign in with: any passkey of this site, or to confirm, one of who is signed in. */
export async function preparePasskeySignIn(services: BrowserServices, purpose: SignInPurpose) {
  await requireUnlocked(services);
  const { database, env, actor } = services;
  const isConfirming = purpose === "confirm" && actor.kind === "user";
  const known = isConfirming ? await store.listPasskeys(database.query, actor.userId) : [];
  const options = await generateAuthenticationOptions({
    rpID: rpIdOf(env.publicUrl),
    challenge: crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES)),
    timeout: CHALLENGE_LIFETIME_MS,
    userVerification: "required",
    ...(known.length === 0
      ? {}
      : { allowCredentials: known.map(({ credentialId }) => ({ id: credentialId })) }),
  });
  await issueChallenge(database.query, "passkey-sign-in", options.challenge, holderOf(services, purpose));
  return options;
}

interface NewPasskey {
  credentialId: string;
  /** COSE, base64url */
  publicKey: string;
  counter: number;
  transports: string[];
  isBackupEligible: boolean;
  isBackedUp: boolean;
}

/** A passkey that was made here and now for who is signed in, or why it isn't one. */
export async function judgeRegistration(
  services: BrowserServices,
  answer: string,
): Promise<{ passkey: NewPasskey } | { reason: string }> {
  const response = readRegistration(answer);
  if (response === undefined) return { reason: "malformed" };
  const { env, database } = services;
  let challengeState = "not-asked";
  const verified = await verify(() =>
    verifyRegistrationResponse({
      response,
      expectedChallenge: async (challenge) => {
        const holder = holderOf(services, "add");
        challengeState = (await takeChallenge(database.query, "passkey-register", challenge, holder)).state;
        return challengeState === "taken";
      },
      expectedOrigin: env.publicUrl,
      expectedRPID: rpIdOf(env.publicUrl),
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }),
  );
  if ("reason" in verified) return { reason: pickReason(challengeState, verified.reason) };
  if (!verified.result.verified) return { reason: "attestation" };
  const { credential, credentialBackedUp, credentialDeviceType } = verified.result.registrationInfo;
  return {
    passkey: {
      credentialId: credential.id,
      publicKey: Buffer.from(credential.publicKey).toString("base64url"),
      counter: credential.counter,
      transports: response.response.transports,
      isBackupEligible: credentialDeviceType === "multiDevice",
      isBackedUp: credentialBackedUp,
    },
  };
}

type PasskeyOwner = NonNullable<Awaited<ReturnType<typeof store.findPasskey>>>;

type JudgedAssertion =
  | { owner: PasskeyOwner; counter: number; isBackedUp: boolean }
  | { reason: string; owner?: PasskeyOwner };

/** Whose passkey answered, or why that isn't proved. */
export async function judgeAssertion(
  services: BrowserServices,
  purpose: SignInPurpose,
  answer: string,
): Promise<JudgedAssertion> {
  const response = readAssertion(answer);
  if (response === undefined) return { reason: "malformed" };
  const { env, database } = services;
  const owner = await store.findPasskey(database.query, response.id);
  if (!owner) return { reason: "unknown-passkey" };
  const userHandle = "userHandle" in response.response ? response.response.userHandle : undefined;
  // A discoverable passkey says whose it is; that has to be who has it here.
  if (userHandle !== undefined && decode(userHandle) !== userHandleOf(owner.id)) {
    return { reason: "user-handle", owner };
  }
  let challengeState = "not-asked";
  const verified = await verify(() =>
    verifyAuthenticationResponse({
      response,
      expectedChallenge: async (challenge) => {
        const holder = holderOf(services, purpose);
        challengeState = (await takeChallenge(database.query, "passkey-sign-in", challenge, holder)).state;
        return challengeState === "taken";
      },
      expectedOrigin: env.publicUrl,
      expectedRPID: rpIdOf(env.publicUrl),
      requireUserVerification: true,
      credential: {
        id: response.id,
        publicKey: new Uint8Array(Buffer.from(owner.publicKey, "base64url")),
        counter: owner.counter,
      },
    }),
  );
  if ("reason" in verified) {
    return { reason: pickReason(challengeState, verified.reason), owner };
  }
  const { authenticationInfo } = verified.result;
  if (!verified.result.verified) return { reason: "signature", owner };
  // Set once, when a key is made: another answer is another key's.
  if ((authenticationInfo.credentialDeviceType === "multiDevice") !== owner.isBackupEligible) {
    return { reason: "backup-eligibility", owner };
  }
  return { owner, counter: authenticationInfo.newCounter, isBackedUp: authenticationInfo.credentialBackedUp };
}

// A challenge that couldn't be had says more than the verifier, which only knows that it was refused.
const pickReason = (challengeState: string, reason: string): string =>
  challengeState === "taken" || challengeState === "not-asked" ? reason : challengeState;

// The verifier says no by throwing, with what was wrong as the message.
async function verify<Result>(
  check: () => Promise<Result>,
): Promise<{ result: Result } | { reason: string }> {
  try {
    return { result: await check() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { reason: /counter value/.test(error.message) ? "counter" : error.message.slice(0, 200) };
  }
}

const rpIdOf = (publicUrl: string): string => new URL(publicUrl).hostname;

const userHandleOf = (userId: number): string => `plue-user-${userId}`;

const decode = (base64url: string): string => Buffer.from(base64url, "base64url").toString();
