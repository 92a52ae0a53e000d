// What a fresh installation needs to be used: the user `admin`, an API token in a file, and a one-time sign-in
// link. Invariant: at most one API token of this file and one unused link are live at any time.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { and, eq, isNull, sql } from "drizzle-orm";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { Client } from "pg";
import { accessTokens, signInLinks, users } from "../schema/tables/auth.ts";
import { createToken, hashSecret, randomBase62 } from "../schema/token.ts";
import { TOKEN_SCOPES } from "../workers/core/actor.ts";

const adminName = "admin";
const tokenName = "npm start";
const tokenPrefixLength = 9;
const linkSecretLength = 32;
const linkLifetimeMs = 24 * 60 * 60 * 1000;

/**
 * Seeds the database, again at every start.
 * @param tokenFile where the admin's API token is kept, mode 0600; a lost or revoked one is replaced.
 * @returns the secret of a fresh one-time sign-in link for `admin`, valid for a day.
 */
export async function seedDatabase(databaseUrl: string, tokenFile: string): Promise<string> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await drizzle(client).transaction(async (transaction) => {
      const userId = await ensureAdmin(transaction);
      await ensureToken(transaction, userId, tokenFile);
      return await replaceSignInLink(transaction, userId);
    });
  } finally {
    await client.end();
  }
}

type Transaction = Pick<NodePgDatabase, "select" | "insert" | "update">;

async function ensureAdmin(transaction: Transaction): Promise<number> {
  const found = await transaction
    .select({ id: users.id })
    .from(users)
    .where(eq(sql`lower(${users.username})`, adminName))
    .for("update");
  if (found[0] !== undefined) return found[0].id;
  const [made] = await transaction
    .insert(users)
    .values({ username: adminName, displayName: "Administrator", isAdmin: true })
    .returning({ id: users.id });
  if (made === undefined) throw new Error("The user admin could not be made.");
  return made.id;
}

async function ensureToken(transaction: Transaction, userId: number, tokenFile: string): Promise<void> {
  const ours = and(
    eq(accessTokens.userId, userId),
    eq(accessTokens.name, tokenName),
    isNull(accessTokens.revokedAt),
  );
  if (existsSync(tokenFile)) {
    const tokenHash = await hashSecret(readFileSync(tokenFile, "utf8").trim());
    const live = await transaction
      .select()
      .from(accessTokens)
      .where(and(ours, eq(accessTokens.tokenHash, tokenHash)));
    if (live.length > 0) return;
  }
  await transaction.update(accessTokens).set({ revokedAt: sql`now()` }).where(ours);
  const token = createToken("plue_");
  await transaction.insert(accessTokens).values({
    userId,
    name: tokenName,
    tokenHash: await hashSecret(token),
    tokenPrefix: token.slice(0, tokenPrefixLength),
    scopes: [...TOKEN_SCOPES],
  });
  writeFileSync(`${tokenFile}.new`, `${token}\n`, { mode: 0o600 });
  renameSync(`${tokenFile}.new`, tokenFile);
}

async function replaceSignInLink(transaction: Transaction, userId: number): Promise<string> {
  const unused = and(eq(signInLinks.userId, userId), isNull(signInLinks.usedAt));
  await transaction.update(signInLinks).set({ expiresAt: sql`now()` }).where(unused);
  const secret = randomBase62(linkSecretLength);
  await transaction.insert(signInLinks).values({
    userId,
    secretHash: await hashSecret(secret),
    expiresAt: new Date(Date.now() + linkLifetimeMs),
  });
  return secret;
}
