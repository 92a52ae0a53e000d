// How tries of a password are counted. Invariant: what anybody does elsewhere never refuses the right password from a
// browser the account knows; a hash is computed for every try that isn't locked out, whoever it names.
import type { UserActor } from "../core/actor.ts";
import {
  ACCOUNT_FAILURES_BEFORE_PROOF_MAX,
  ACCOUNT_PROOF_MS_MAX,
  ACCOUNT_PROOF_MS_MIN,
  ADDRESS_FAILURES_BEFORE_LOCK_MAX,
  FAILURES_FORGOTTEN_MS,
  LOCK_MS_MAX,
  LOCK_MS_MIN,
  SECOND_PROOFS_PER_ACCOUNT,
  SIGN_IN_PER_ACCOUNT,
  SIGN_IN_PER_ADDRESS,
} from "../core/limits.ts";
import { canMail } from "../mail/can-mail.ts";
import { orderMail } from "../mail/service.ts";
import { toAddressKey } from "../rate-limits/limit-requests.ts";
import {
  clearFailures,
  type LockRule,
  readLockMs,
  recordFailure,
  takeRequest,
} from "../rate-limits/service.ts";
import { verifyPassword } from "./password-hash.ts";
import type { SignInServices } from "./services.ts";
import { findKnownSession } from "./store/password-accounts.ts";

/** Failures from one address, whatever the accounts. */
const ADDRESS_LOCKOUT: LockRule = {
  freeFailures: ADDRESS_FAILURES_BEFORE_LOCK_MAX,
  lockMsMin: LOCK_MS_MIN,
  lockMsMax: LOCK_MS_MAX,
  forgottenMs: FAILURES_FORGOTTEN_MS,
};
/** Failures of one account, wherever from: they lock nothing, and unknown browsers have to prove more. */
const ACCOUNT_PRESSURE: LockRule = {
  freeFailures: ACCOUNT_FAILURES_BEFORE_PROOF_MAX,
  lockMsMin: ACCOUNT_PROOF_MS_MIN,
  lockMsMax: ACCOUNT_PROOF_MS_MAX,
  forgottenMs: FAILURES_FORGOTTEN_MS,
};

/** What one try counts towards. */
interface Try {
  /** The account, or the name that was given for one. */
  account: string;
  /** The account and who tries it: the browser it knows, else the address. */
  holder: string;
  /** The address that is counted whatever the account; empty for a known browser, and where it isn't known. */
  address: string;
  /** Whether the account's failures count this one too: where it isn't the account's own browser. */
  countsForAccount: boolean;
  /** Whether a right password isn't enough. */
  needsProof: boolean;
  /** Whether the account's tries are limited altogether, as nobody could be mailed a second proof. */
  isSlowed: boolean;
}

/** A try to sign in. */
export async function describeTry(
  { env, database, origin, knownSessions = [] }: SignInServices,
  person: { id: number; address: string } | undefined,
  login: string,
): Promise<Try> {
  const account = `password:${person ? person.id : `?${login.toLowerCase()}`}`;
  const browser = await findKnownSession(database.query, person?.id ?? 0, knownSessions);
  const address = toAddressKey(origin.address);
  if (browser !== undefined) {
    const own = { address: "", countsForAccount: false, needsProof: false, isSlowed: false };
    return { account, holder: `${account}@browser:${browser}`, ...own };
  }
  const isPressed = (await readLockMs(database, account)) > 0;
  const hasMail = (await canMail(env)) && person?.address !== "";
  return {
    ...{ account, holder: `${account}@address:${address}`, address, countsForAccount: true },
    ...{ needsProof: isPressed && hasMail, isSlowed: isPressed && !hasMail },
  };
}

/** A try of who is signed in, to prove that it is they: what others try elsewhere is nothing to it. */
export function describeOwnTry(actor: UserActor): Try {
  const account = `password:${actor.userId}`;
  const { credential } = actor;
  const by =
    credential.kind === "session" ? `session:${credential.sessionId}` : `token:${credential.tokenId}`;
  const own = { address: "", countsForAccount: false, needsProof: false, isSlowed: false };
  return { account, holder: `${account}@${by}`, ...own };
}

type Verdict =
  | { end: "right"; isOutdated: boolean }
  | { end: "refused" }
  | { end: "limited"; retryAfterMs: number };

/** Counts the try, and hashes. */
export async function judgeTry(
  { database, derive }: SignInServices,
  { account, holder, address, countsForAccount, isSlowed }: Try,
  passwordHash: string | null,
  password: string,
): Promise<Verdict> {
  const addressKey = `password-address:${address}`;
  const lockMs = await readLockMs(database, ...(address === "" ? [holder] : [holder, addressKey]));
  if (lockMs > 0) return { end: "limited", retryAfterMs: lockMs };
  const taken = [
    await takeRequest(database, SIGN_IN_PER_ACCOUNT, holder),
    await takeRequest(database, SIGN_IN_PER_ADDRESS, address),
    await takeRequest(database, SIGN_IN_PER_ACCOUNT, isSlowed ? account : ""),
  ];
  const refused = taken.find(({ allowed }) => !allowed);
  if (refused) return { end: "limited", retryAfterMs: refused.retryAfterMs };
  const { isRight, isOutdated } = await verifyPassword(password, passwordHash, derive);
  if (!isRight) {
    await recordFailure(database, holder);
    if (address !== "") await recordFailure(database, addressKey, ADDRESS_LOCKOUT);
    if (countsForAccount) await recordFailure(database, account, ACCOUNT_PRESSURE);
    return { end: "refused" };
  }
  await clearFailures(database, holder);
  return { end: "right", isOutdated };
}

/**
 * Orders the link that is the second proof. Invariant: the same is written whether the password was right or not.
 * @param login whom it goes to; empty where the password was wrong, so that it goes to nobody
 */
export async function orderProof(
  { env, database }: SignInServices,
  { account, holder }: Try,
  login: string,
): Promise<void> {
  const taken = await takeRequest(database, SECOND_PROOFS_PER_ACCOUNT, login === "" ? holder : account);
  if (!taken.allowed) return;
  await database.transaction((transaction) => orderMail(env, transaction, { kind: "sign-in", login }));
}
