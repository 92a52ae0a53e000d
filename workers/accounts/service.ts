// A person's own account as they keep it: what others read of them, what they are called, and how the site looks to them.
import type { Appearance } from "../../schema/appearance.ts";
import { recordAudit } from "../audit/service.ts";
import { requirePermission } from "../auth/permissions.ts";
import type { UserActor } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import { notFound } from "../core/errors.ts";
import { RENAMES_PER_ACCOUNT } from "../core/limits.ts";
import { orderMail } from "../mail/service.ts";
import { takeRequest } from "../rate-limits/service.ts";
import { findOwnerNameProblem } from "../repos/names.ts";
import { findTakenName } from "../repos/owner-names.ts";
import type { AccountServices } from "./emails.ts";
import { findProfileProblems, type ProfileChanges, type ProfileErrors } from "./profile.ts";
import * as store from "./store.ts";

/** Keeps how the site looks to the actor, wherever they are signed in. */
export async function setAppearance(
  database: Database,
  actor: UserActor,
  appearance: Appearance,
): Promise<void> {
  requirePermission(actor, "account.write", { accountId: actor.userId });
  await store.updateAccount(database.query, actor.userId, { appearance });
}

/** The account of who asks, as others see it. */
export async function readOwnProfile(database: Database, actor: UserActor) {
  const profile = await store.findProfile(database.query, { id: actor.userId });
  if (!profile) throw notFound();
  return profile;
}

export type Profile = Awaited<ReturnType<typeof readOwnProfile>>;

/** @throws ForgeError `not_found` for a name that nobody has. */
export async function readProfile(database: Database, username: string): Promise<Profile> {
  const profile = await store.findProfile(database.query, { username });
  if (!profile) throw notFound();
  return profile;
}

/** Accounts by id, from the one after `sinceId`. */
export function listProfiles(database: Database, sinceId: number, limit: number): Promise<Profile[]> {
  return store.listProfiles(database.query, sinceId, limit);
}

/** How many repositories of who asks aren't public. */
export function countPrivateRepositories(database: Database, actor: UserActor): Promise<number> {
  return store.countPrivateRepositories(database.query, actor.userId);
}

/**
 * Changes what is given, of what others read.
 * @param publicEmail one of the account's verified addresses, which alone is shown then; null for none
 * @returns what was wrong; nothing is changed then.
 */
export async function updateProfile(
  { database, actor, origin }: AccountServices,
  changes: ProfileChanges,
  publicEmail?: string | null,
): Promise<ProfileErrors & { email?: string }> {
  requirePermission(actor, "account.write", { accountId: actor.userId });
  const errors = findProfileProblems(changes);
  if (Object.keys(errors).length > 0) return errors;
  return database.transaction(async (transaction) => {
    if (publicEmail !== undefined) {
      await store.lockAccount(transaction, actor.userId);
      if (!(await store.showOnly(transaction, actor.userId, publicEmail))) {
        return { email: "This isn't a verified address of the account." };
      }
    }
    await store.updateAccount(transaction, actor.userId, changes);
    await recordAudit(transaction, actor, origin, {
      action: "account.update",
      ownerId: actor.userId,
      target: { kind: "user", id: actor.userId, name: actor.username },
      details: { fields: [...Object.keys(changes), ...(publicEmail === undefined ? [] : ["email"])] },
    });
    return {};
  });
}

/**
 * Calls the account otherwise. Its repositories' former addresses lead to the new ones, and its former name is kept
 * for it as long as they do.
 * @returns why not; undefined when it is done.
 */
export async function renameAccount(
  { env, database, actor, origin }: AccountServices,
  username: string,
): Promise<string | undefined> {
  requirePermission(actor, "account.credentials", { accountId: actor.userId });
  if (username === actor.username) return "This is your username.";
  const problem = findOwnerNameProblem(username);
  if (problem !== undefined) return problem;
  const taken = await takeRequest(database, RENAMES_PER_ACCOUNT, String(actor.userId));
  if (!taken.allowed) return `A username changes at most ${taken.limit} times a day.`;
  return database.transaction(async (transaction) => {
    await store.lockAccount(transaction, actor.userId);
    const holder = await findTakenName(transaction, username, actor.userId);
    if (holder !== undefined) {
      return holder === "similar" ? "Somebody has a name that looks like this." : "This name is taken.";
    }
    const former = (await store.findProfile(transaction, { id: actor.userId }))?.username ?? actor.username;
    if (!(await store.renameAccount(transaction, actor.userId, username))) return "This name is taken.";
    await store.deleteRedirectsFrom(transaction, username);
    await store.insertRedirects(transaction, actor.userId, former);
    await store.renameRepositories(transaction, actor.userId);
    await recordAudit(transaction, actor, origin, {
      action: "username.change",
      ownerId: actor.userId,
      target: { kind: "user", id: actor.userId, name: username },
      details: { former },
    });
    const { userId } = actor;
    await orderMail(env, transaction, { kind: "news", userId, news: "username", detail: former });
    return undefined;
  });
}
