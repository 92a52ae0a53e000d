// What admins do to somebody's account. Invariant: everything is recorded in the person's own log too; nobody does any of it
// to themselves; and an admin never gets to see or hold what lets the person in.
import { recordAudit } from "../audit/service.ts";
import { endSessionsOf } from "../auth/sessions.ts";
import type { Actor, UserActor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { ForgeError } from "../core/errors.ts";
import { SUSPENSION_REASON_CHARACTERS_MAX } from "../core/limits.ts";
import type { Origin } from "../core/origin.ts";
import { canMail } from "../mail/can-mail.ts";
import { orderMail } from "../mail/service.ts";
import { cancelRunsOf } from "../runs/service.ts";
import { takeMailRequest } from "../sign-in/limit-mail.ts";
import { revokeTokensOf } from "../tokens/service.ts";
import { requirePersonAsAdmin } from "./people.ts";
import { requireSiteAdmin } from "./require-admin.ts";
import * as store from "./store.ts";

interface AdminServices {
  env: Env;
  database: Database;
  actor: Actor;
  origin: Origin;
}

/** Done, or why it isn't: a sentence for the admin. */
type ActEnd = { end: "done" } | { end: "refused"; problem: string };

const DONE: ActEnd = { end: "done" };
const refuse = (problem: string): ActEnd => ({ end: "refused", problem });

/** Shuts somebody out of everything, at once. `reason`: for admins and the log. */
export async function suspendPerson(
  services: AdminServices,
  username: string,
  reason: string,
): Promise<ActEnd> {
  const { admin, person } = await findOther(services, username);
  const given = reason.trim();
  if (given === "") return refuse("Say why: other admins will want to know.");
  if (given.length > SUSPENSION_REASON_CHARACTERS_MAX) {
    return refuse(`A reason has at most ${SUSPENSION_REASON_CHARACTERS_MAX} characters.`);
  }
  return services.database.transaction(async (transaction) => {
    await requireStillAdmin(transaction, admin);
    if (!(await store.setSuspension(transaction, person.id, given)))
      return refuse("The account is shut out already.");
    await cancelRunsOf(transaction, person.id);
    await record(services, transaction, admin, "user.suspend", person, { reason: given });
    return DONE;
  });
}

/** Lets somebody in again who was shut out; their sessions and tokens are what they were. */
export async function restorePerson(
  services: AdminServices,
  username: string,
  reason: string,
): Promise<ActEnd> {
  const { admin, person } = await findOther(services, username);
  const given = reason.trim().slice(0, SUSPENSION_REASON_CHARACTERS_MAX);
  return services.database.transaction(async (transaction) => {
    if (!(await store.setSuspension(transaction, person.id, null)))
      return refuse("The account isn't shut out.");
    const details = { reason: given, suspendedFor: person.suspensionReason };
    await record(services, transaction, admin, "user.unsuspend", person, details);
    return DONE;
  });
}

/**
 * Makes somebody one of the site's admins, or ends that. Their sessions end: one that was opened for less doesn't come to
 * more, nor the other way round.
 */
export async function setAdminAsAdmin(
  services: AdminServices,
  username: string,
  isAdmin: boolean,
): Promise<ActEnd> {
  const { admin, person } = await findOther(services, username);
  if (isAdmin && person.suspendedAt !== null) return refuse("The account is shut out: let them in first.");
  return services.database.transaction(async (transaction) => {
    await requireStillAdmin(transaction, admin);
    if (!(await store.setAdmin(transaction, person.id, isAdmin))) {
      return refuse(isAdmin ? "They are an admin already." : "They aren't an admin.");
    }
    await endSessionsOf(transaction, person.id, null);
    await record(services, transaction, admin, isAdmin ? "user.admin-make" : "user.admin-end", person);
    return DONE;
  });
}

/** Mails somebody the link that they would get from "Forgotten?". Whoever calls this drains the outbox. */
export async function sendResetLink(services: AdminServices, username: string): Promise<ActEnd> {
  const { env, database } = services;
  const { admin, person } = await findOther(services, username);
  if (person.suspendedAt !== null) return refuse("The account is shut out: a link would not let them in.");
  if (!person.hasPrimaryAddress) {
    return refuse("They have no confirmed email address that a link could be sent to.");
  }
  if (!(await canMail(env))) return refuse("No mail can be sent from here: see Mail.");
  const retryAfterMs = await takeMailRequest(
    { database, actor: admin, origin: { ...services.origin, address: "" } },
    { kind: "reset", recipient: person.username },
  );
  if (retryAfterMs > 0) {
    const minutes = Math.ceil(retryAfterMs / 60_000);
    return refuse(`They have been sent many mails. Try again in ${minutes} min.`);
  }
  return database.transaction(async (transaction) => {
    await orderMail(env, transaction, { kind: "reset", login: person.username });
    await record(services, transaction, admin, "user.reset-link", person);
    return DONE;
  });
}

/** Signs somebody out of every browser. */
export async function endSessionsAsAdmin(services: AdminServices, username: string): Promise<ActEnd> {
  const { admin, person } = await findOther(services, username);
  return services.database.transaction(async (transaction) => {
    const count = await endSessionsOf(transaction, person.id, null);
    if (count === 0) return refuse("They aren't signed in anywhere.");
    await record(services, transaction, admin, "user.sessions-end", person, { count });
    return DONE;
  });
}

/** Ends all of somebody's API tokens. */
export async function revokeTokensAsAdmin(services: AdminServices, username: string): Promise<ActEnd> {
  const { admin, person } = await findOther(services, username);
  return services.database.transaction(async (transaction) => {
    const count = await revokeTokensOf(transaction, person.id);
    if (count === 0) return refuse("They have no API token.");
    await record(services, transaction, admin, "user.tokens-revoke", person, { count });
    return DONE;
  });
}

/** Of two admins who end each other at once, one does, so that one is left. @throws ForgeError `conflict` */
async function requireStillAdmin(transaction: Executor, admin: UserActor): Promise<void> {
  if ((await store.lockAdmins(transaction)).includes(admin.userId)) return;
  throw new ForgeError("conflict", "You aren't an admin of this site any more.");
}

/** @throws ForgeError `not_found`, `conflict` for oneself */
async function findOther({ database, actor }: AdminServices, username: string) {
  const admin = requireSiteAdmin(actor);
  const person = await requirePersonAsAdmin(database, actor, username);
  if (person.id === admin.userId) {
    throw new ForgeError("conflict", "That is your own account: see your settings.");
  }
  return { admin, person };
}

async function record(
  { origin }: AdminServices,
  transaction: Executor,
  admin: UserActor,
  action: string,
  person: { id: number; username: string },
  details: Record<string, unknown> = {},
): Promise<void> {
  const target = { kind: "user", id: person.id, name: person.username };
  await recordAudit(transaction, admin, origin, { action, ownerId: person.id, target, details });
}
