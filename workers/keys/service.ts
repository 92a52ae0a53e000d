// The rules of SSH keys and deploy keys. Invariant: a public key is somebody's or one repository's, once; a deploy key's
// token is shown once.
import { createToken, hashSecret } from "../../schema/token.ts";
import { recordAudit } from "../audit/service.ts";
import { requireKeysOwner } from "../auth/require-user.ts";
import type { Actor } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import { DEPLOY_KEYS_PER_REPOSITORY_MAX, SSH_KEYS_PER_ACCOUNT_MAX } from "../core/limits.ts";
import type { Origin } from "../core/origin.ts";
import type { Repository } from "../repos/service.ts";
import { requireFewCredentials } from "../tokens/service.ts";
import { parsePublicKey } from "./parse-public-key.ts";
import * as store from "./store.ts";

export type { DeployKeyRow, SshKeyRow } from "./store.ts";

const TITLE_CHARACTERS_MAX = 100;
const PREFIX_LENGTH = 16;

/** The actor's own SSH keys. @throws ForgeError as `account.keys` says. */
export async function listOwnKeys(database: Database, actor: Actor): Promise<store.SshKeyRow[]> {
  return store.listSshKeys(database.query, requireKeysOwner(actor).userId);
}

/** Public keys are public: those of the person of that name. */
export async function listKeysOf(database: Database, username: string) {
  return store.listKeysOfName(database.query, username);
}

/** Adds an SSH key of the actor's own. @throws ForgeError `invalid` with the field at fault. */
export async function addOwnKey(
  database: Database,
  actor: Actor,
  origin: Origin,
  wanted: { title: string; key: string },
): Promise<store.SshKeyRow> {
  const user = requireKeysOwner(actor);
  const key = await readKey(wanted.key);
  const title = readTitle(wanted.title === "" ? key.comment : wanted.title);
  await requireFewCredentials(database, user.userId);
  return database.transaction(async (transaction) => {
    if (await store.isFingerprintTaken(transaction, key.fingerprint)) throw taken();
    if ((await store.listSshKeys(transaction, user.userId)).length >= SSH_KEYS_PER_ACCOUNT_MAX) {
      throw invalid("key", `An account has at most ${SSH_KEYS_PER_ACCOUNT_MAX} keys.`);
    }
    const { text: publicKey, fingerprint } = key;
    const row = await store.insertSshKey(transaction, { userId: user.userId, title, publicKey, fingerprint });
    await recordAudit(transaction, user, origin, {
      action: "ssh-key.create",
      ownerId: user.userId,
      target: { kind: "ssh-key", id: row.id, name: title },
      details: { fingerprint },
    });
    return row;
  });
}

/** @throws ForgeError `not_found` when the actor has no such key. */
export async function removeOwnKey(database: Database, actor: Actor, origin: Origin, id: number) {
  const user = requireKeysOwner(actor);
  await database.transaction(async (transaction) => {
    const title = await store.deleteSshKey(transaction, user.userId, id);
    if (title === undefined) throw notFound();
    await recordAudit(transaction, user, origin, {
      action: "ssh-key.delete",
      ownerId: user.userId,
      target: { kind: "ssh-key", id, name: title },
    });
  });
}

/** The deploy keys of a repository that the caller was let administer. */
export async function listDeployKeys(
  database: Database,
  repositoryId: number,
): Promise<store.DeployKeyRow[]> {
  return store.listDeployKeys(database.query, repositoryId);
}

/**
 * Adds a deploy key to a repository that the caller was let administer: a public key where one is given, else a token.
 * @returns the id, and the token where one was made: never to be seen again.
 * @throws ForgeError `invalid` with the field at fault.
 */
export async function addDeployKey(
  database: Database,
  actor: Actor,
  origin: Origin,
  repository: Repository,
  wanted: { title: string; canWrite: boolean; key: string | null },
): Promise<{ id: number; token: string | null }> {
  const key = wanted.key === null ? null : await readKey(wanted.key);
  const title = readTitle(wanted.title === "" ? (key?.comment ?? "") : wanted.title);
  const token = key === null ? createToken("plue_deploy_") : null;
  const createdBy = actor.kind === "user" ? actor.userId : null;
  if (createdBy !== null) await requireFewCredentials(database, createdBy);
  const credential =
    token === null
      ? { publicKey: key?.text, fingerprint: key?.fingerprint }
      : { tokenHash: await hashSecret(token), tokenPrefix: token.slice(0, PREFIX_LENGTH) };
  const id = await database.transaction(async (transaction) => {
    if (key !== null && (await store.isFingerprintTaken(transaction, key.fingerprint))) throw taken();
    if ((await store.listDeployKeys(transaction, repository.id)).length >= DEPLOY_KEYS_PER_REPOSITORY_MAX) {
      throw invalid("key", `A repository has at most ${DEPLOY_KEYS_PER_REPOSITORY_MAX} deploy keys.`);
    }
    const { canWrite } = wanted;
    const row = { repositoryId: repository.id, title, canWrite, createdBy, ...credential };
    const id = await store.insertDeployKey(transaction, row);
    await recordAudit(transaction, actor, origin, {
      action: "deploy-key.create",
      ownerId: repository.ownerId,
      repositoryId: repository.id,
      target: { kind: "deploy-key", id, name: title },
      details: { canWrite, kind: token === null ? "ssh" : "token" },
    });
    return id;
  });
  return { id, token };
}

/** Ends a deploy key at once. @throws ForgeError `not_found` */
export async function removeDeployKey(
  database: Database,
  actor: Actor,
  origin: Origin,
  repository: Repository,
  id: number,
): Promise<void> {
  await database.transaction(async (transaction) => {
    const title = await store.deleteDeployKey(transaction, repository.id, id);
    if (title === undefined) throw notFound();
    await recordAudit(transaction, actor, origin, {
      action: "deploy-key.delete",
      ownerId: repository.ownerId,
      repositoryId: repository.id,
      target: { kind: "deploy-key", id, name: title },
    });
  });
}

async function readKey(line: string) {
  const parsed = await parsePublicKey(line);
  if ("problem" in parsed) throw invalid("key", parsed.problem);
  return parsed.key;
}

function readTitle(given: string): string {
  const title = given.trim().slice(0, TITLE_CHARACTERS_MAX);
  if (title === "" || /\p{Cc}/u.test(title)) throw invalid("title", "A key needs a title of one line.");
  return title;
}

const taken = () => invalid("key", "key is already in use");

const invalid = (field: string, message: string): ForgeError =>
  new ForgeError("invalid", "Validation Failed", {
    fields: [{ resource: "PublicKey", field, code: "custom", message }],
  });
