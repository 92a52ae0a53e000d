// The rules of API tokens: made, rotated, revoked by whom they belong to.
// Invariant: a token is shown once, and none makes another that may do more, or longer, than itself.
import { createToken, hashSecret, isWellFormedToken } from "../../schema/token.ts";
import { recordAudit } from "../audit/service.ts";
import { hasScope } from "../auth/permissions.ts";
import { requireCredentialsOwner } from "../auth/require-user.ts";
import { type Actor, ANONYMOUS, TOKEN_SCOPES, type TokenScope, type UserActor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import { type FieldError, ForgeError, notFound } from "../core/errors.ts";
import {
  CREDENTIALS_PER_ACCOUNT,
  TOKEN_LIFETIME_DAYS_MAX,
  TOKEN_NAME_CHARACTERS_MAX,
  TOKEN_REPOSITORIES_MAX,
  TOKENS_PER_ACCOUNT_MAX,
} from "../core/limits.ts";
import type { Origin } from "../core/origin.ts";
import { takeRequest } from "../rate-limits/service.ts";
import { requireRepository } from "../repos/service.ts";
import * as store from "./store.ts";

export type { TokenRow } from "./store.ts";

const PREFIX_LENGTH = 9;
const DAY_MS = 24 * 60 * 60_000;

interface WantedToken {
  name: string;
  scopes: readonly string[];
  /** `owner/name` of all that it is to reach; null for no limit. */
  repositories: readonly string[] | null;
  /** Null for one that never ends. */
  expiresInDays: number | null;
}

interface MadeToken {
  id: number;
  /** Never to be seen again. */
  token: string;
}

/** The actor's tokens that have not ended. @throws ForgeError as `account.credentials` says. */
export async function listOwnTokens(database: Database, actor: Actor): Promise<store.TokenRow[]> {
  return store.listTokens(database.query, requireCredentialsOwner(actor).userId);
}

/** @throws ForgeError `not_found`, and as `account.credentials` says. */
export async function requireOwnToken(database: Database, actor: Actor, id: number): Promise<store.TokenRow> {
  const row = await store.findToken(database.query, requireCredentialsOwner(actor).userId, id);
  if (!row) throw notFound();
  return row;
}

/**
 * Makes a token of the actor's own.
 * @throws ForgeError `invalid` with the fields at fault, `forbidden` for what the actor's own credential may not,
 * `too_many_requests`.
 */
export async function createOwnToken(
  database: Database,
  actor: Actor,
  origin: Origin,
  wanted: WantedToken,
): Promise<MadeToken> {
  const user = requireCredentialsOwner(actor);
  const scopes = readScopes(wanted);
  for (const scope of scopes) {
    if (!hasScope(user, scope)) throw new ForgeError("forbidden", `Your own token lacks the scope ${scope}.`);
  }
  const expiresAt = await boundExpiry(database, user, wanted.expiresInDays);
  const repositoryIds: number[] = [];
  for (const fullName of new Set(wanted.repositories ?? [])) {
    const [owner = "", name = ""] = fullName.split("/");
    repositoryIds.push((await requireRepository(database, user, owner, name, "repository.read")).id);
  }
  await requireFewCredentials(database, user.userId);
  const token = createToken("plue_");
  const id = await database.transaction(async (transaction) => {
    await store.lockAccount(transaction, user.userId);
    if ((await store.countTokens(transaction, user.userId)) >= TOKENS_PER_ACCOUNT_MAX) {
      throw invalid("name", `An account has at most ${TOKENS_PER_ACCOUNT_MAX} tokens. Revoke one first.`);
    }
    const name = wanted.name.trim();
    const row = {
      ...{ userId: user.userId, name, scopes, expiresAt, ...(await describeSecret(token)) },
      isRepositoryLimited: wanted.repositories !== null,
    };
    const id = await store.insertToken(transaction, row, [...new Set(repositoryIds)]);
    await recordAudit(transaction, user, origin, {
      action: "token.create",
      ownerId: user.userId,
      target: { kind: "token", id, name },
      details: { scopes, repositories: wanted.repositories, expiresAt: expiresAt?.toISOString() ?? null },
    });
    return id;
  });
  return { id, token };
}

/** Gives the token a new secret; the old one is worth nothing at once. What it may, and until when, stays. */
export async function rotateOwnToken(
  database: Database,
  actor: Actor,
  origin: Origin,
  id: number,
): Promise<MadeToken> {
  const user = requireCredentialsOwner(actor);
  const row = await requireOwnToken(database, user, id);
  const ownBound = await boundExpiry(database, user, null);
  if (ownBound !== null && (row.expiresAt === null || row.expiresAt > ownBound)) {
    throw new ForgeError("forbidden", "This token outlives your own.");
  }
  await requireFewCredentials(database, user.userId);
  const token = createToken("plue_");
  const secret = await describeSecret(token);
  await database.transaction(async (transaction) => {
    const name = await store.replaceSecret(transaction, user.userId, id, secret);
    if (name === undefined) throw notFound();
    await recordAudit(transaction, user, origin, {
      action: "token.rotate",
      ownerId: user.userId,
      target: { kind: "token", id, name },
    });
  });
  return { id, token };
}

/** Ends the token at once. @throws ForgeError `not_found` when the actor has no such one. */
export async function revokeOwnToken(
  database: Database,
  actor: Actor,
  origin: Origin,
  id: number,
): Promise<void> {
  const user = requireCredentialsOwner(actor);
  await database.transaction(async (transaction) => {
    const name = await store.revoke(transaction, user.userId, id);
    if (name === undefined) throw notFound();
    await recordAudit(transaction, user, origin, {
      action: "token.revoke",
      ownerId: user.userId,
      target: { kind: "token", id, name },
    });
  });
}

/** Ends all tokens of somebody, within the transaction of who may do so and records it. @returns how many */
export const revokeTokensOf = (transaction: Executor, userId: number): Promise<number> =>
  store.revokeAll(transaction, userId);

/** How many API tokens of somebody work. */
export const countLiveTokens = ({ query }: Pick<Database, "query">, userId: number): Promise<number> =>
  store.countTokens(query, userId);

/**
 * Whether a string that was found somewhere is a live API token; whoever holds it may have it revoked, which is what a
 * finder should do. Malformed ones are told by their checksum alone.
 */
export async function checkLeakedToken(
  database: Database,
  origin: Origin,
  token: string,
  isToRevoke: boolean,
): Promise<"malformed" | "unknown" | "live" | "revoked"> {
  if (!isWellFormedToken(token)) return "malformed";
  const found = await store.findByHash(database.query, await hashSecret(token));
  if (!found) return "unknown";
  if (!isToRevoke) return "live";
  await database.transaction(async (transaction) => {
    await store.revoke(transaction, found.userId, found.id);
    await recordAudit(transaction, ANONYMOUS, origin, {
      action: "token.report",
      ownerId: found.userId,
      target: { kind: "token", id: found.id, name: found.name },
    });
  });
  return "revoked";
}

/** @throws ForgeError `too_many_requests` when an account makes credentials too fast. */
export async function requireFewCredentials(database: Database, userId: number): Promise<void> {
  const taken = await takeRequest(database, CREDENTIALS_PER_ACCOUNT, String(userId));
  if (taken.allowed) return;
  const { retryAfterMs } = taken;
  throw new ForgeError("too_many_requests", "You make tokens and keys too fast. Wait a while.", {
    retryAfterMs,
  });
}

// A token's own end is the latest that what it makes may have.
async function boundExpiry(database: Database, actor: UserActor, days: number | null): Promise<Date | null> {
  const wanted = days === null ? null : new Date(Date.now() + days * DAY_MS);
  if (actor.credential.kind === "session") return wanted;
  const own = await store.findBounds(database.query, actor.credential.tokenId);
  if (!own) throw new ForgeError("unauthorized", "Bad credentials");
  if (own.expiresAt === null) return wanted;
  return wanted === null || wanted > own.expiresAt ? own.expiresAt : wanted;
}

function readScopes({ name, scopes, repositories, expiresInDays }: WantedToken): TokenScope[] {
  const known = TOKEN_SCOPES.filter((scope) => scopes.includes(scope));
  const length = name.trim().length;
  if (length === 0 || length > TOKEN_NAME_CHARACTERS_MAX) {
    throw invalid("name", `A token's name has 1 to ${TOKEN_NAME_CHARACTERS_MAX} characters.`);
  }
  if (scopes.length === 0 || known.length !== new Set(scopes).size) {
    throw invalid("scopes", `Choose among the scopes ${TOKEN_SCOPES.join(", ")}.`);
  }
  if ((repositories?.length ?? 0) > TOKEN_REPOSITORIES_MAX || repositories?.length === 0) {
    throw invalid("repositories", `List 1 to ${TOKEN_REPOSITORIES_MAX} repositories, or leave it out.`);
  }
  const isOdd = expiresInDays !== null && !(expiresInDays >= 1 && expiresInDays <= TOKEN_LIFETIME_DAYS_MAX);
  if (isOdd) throw invalid("expires_in_days", `A token lasts 1 to ${TOKEN_LIFETIME_DAYS_MAX} days.`);
  return known;
}

const describeSecret = async (token: string) => ({
  tokenHash: await hashSecret(token),
  tokenPrefix: token.slice(0, PREFIX_LENGTH),
});

function invalid(field: string, message: string): ForgeError {
  const fields: FieldError[] = [{ resource: "Token", field, code: "invalid", message }];
  return new ForgeError("invalid", message, { fields });
}
