// The SQL of SSH keys and deploy keys. Invariant: every change names whose key it is, an account's or a repository's.
import { and, asc, eq, sql } from "drizzle-orm";
import { sshKeys, users } from "../../schema/tables/auth.ts";
import { deployKeys } from "../../schema/tables/git.ts";
import type { Executor } from "../core/db.ts";

export type SshKeyRow = typeof sshKeys.$inferSelect;

export async function listSshKeys(query: Executor, userId: number): Promise<SshKeyRow[]> {
  return query.select().from(sshKeys).where(eq(sshKeys.userId, userId)).orderBy(asc(sshKeys.id));
}

/** Of an active person of that name. */
export async function listKeysOfName(query: Executor, username: string) {
  return query
    .select({ id: sshKeys.id, publicKey: sshKeys.publicKey, createdAt: sshKeys.createdAt })
    .from(users)
    .innerJoin(sshKeys, eq(sshKeys.userId, users.id))
    .where(and(sql`lower(${users.username}) = lower(${username})`, sql`${users.suspendedAt} IS NULL`))
    .orderBy(asc(sshKeys.id));
}

/** Locks this fingerprint for the transaction: two tables keep it, and a key belongs to one of them once. */
export async function isFingerprintTaken(transaction: Executor, fingerprint: string): Promise<boolean> {
  await transaction.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${fingerprint}, 4))`);
  const own = transaction
    .select({ id: sshKeys.id })
    .from(sshKeys)
    .where(eq(sshKeys.fingerprint, fingerprint));
  if ((await own).length > 0) return true;
  const deploy = await transaction
    .select({ id: deployKeys.id })
    .from(deployKeys)
    .where(eq(deployKeys.fingerprint, fingerprint));
  return deploy.length > 0;
}

export async function insertSshKey(
  transaction: Executor,
  key: typeof sshKeys.$inferInsert,
): Promise<SshKeyRow> {
  const [row] = await transaction.insert(sshKeys).values(key).returning();
  if (!row) throw new Error("no key was made");
  return row;
}

export async function deleteSshKey(transaction: Executor, userId: number, id: number) {
  const [row] = await transaction
    .delete(sshKeys)
    .where(and(eq(sshKeys.userId, userId), eq(sshKeys.id, id)))
    .returning({ title: sshKeys.title });
  return row?.title;
}

const deployShape = {
  id: deployKeys.id,
  title: deployKeys.title,
  canWrite: deployKeys.canWrite,
  publicKey: deployKeys.publicKey,
  tokenPrefix: deployKeys.tokenPrefix,
  lastUsedAt: deployKeys.lastUsedAt,
  createdAt: deployKeys.createdAt,
  createdBy: sql<string | null>`(SELECT username FROM users WHERE users.id = deploy_keys.created_by)`,
};

export type DeployKeyRow = Awaited<ReturnType<typeof listDeployKeys>>[number];

export async function listDeployKeys(query: Executor, repositoryId: number) {
  return query
    .select(deployShape)
    .from(deployKeys)
    .where(eq(deployKeys.repositoryId, repositoryId))
    .orderBy(asc(deployKeys.id));
}

export async function insertDeployKey(
  transaction: Executor,
  key: typeof deployKeys.$inferInsert,
): Promise<number> {
  const [row] = await transaction.insert(deployKeys).values(key).returning({ id: deployKeys.id });
  if (!row) throw new Error("no key was made");
  return row.id;
}

export async function deleteDeployKey(transaction: Executor, repositoryId: number, id: number) {
  const [row] = await transaction
    .delete(deployKeys)
    .where(and(eq(deployKeys.repositoryId, repositoryId), eq(deployKeys.id, id)))
    .returning({ title: deployKeys.title });
  return row?.title;
}
