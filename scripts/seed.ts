// What a fresh installation needs to be used: the user `admin`, an API token in a file, and a one-time sign-in
// link. Invariant: at most one API token of this file and one unused link are live at any time.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { Client } from "pg";
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
    await client.query("begin");
    const userId = await ensureAdmin(client);
    await ensureToken(client, userId, tokenFile);
    const secret = await replaceSignInLink(client, userId);
    await client.query("commit");
    return secret;
  } finally {
    // Ends the transaction too, where it was not committed.
    await client.end();
  }
}

async function ensureAdmin(client: Client): Promise<number> {
  await client.query(
    `insert into users (username, display_name, is_admin) values ($1, 'Administrator', true)
     on conflict (lower(username)) do nothing`,
    [adminName],
  );
  const found = await client.query<{ id: string }>(
    "select id from users where lower(username) = $1 for update",
    [adminName],
  );
  return Number(found.rows[0]?.id);
}

async function ensureToken(client: Client, userId: number, tokenFile: string): Promise<void> {
  if (existsSync(tokenFile)) {
    const tokenHash = await hashSecret(readFileSync(tokenFile, "utf8").trim());
    const live = await client.query(
      "select from access_tokens where user_id = $1 and token_hash = $2 and revoked_at is null",
      [userId, tokenHash],
    );
    if (live.rowCount === 1) return;
  }
  await client.query(
    "update access_tokens set revoked_at = now() where user_id = $1 and name = $2 and revoked_at is null",
    [userId, tokenName],
  );
  const token = createToken("plue_");
  await client.query(
    "insert into access_tokens (user_id, name, token_hash, token_prefix, scopes) values ($1, $2, $3, $4, $5)",
    [userId, tokenName, await hashSecret(token), token.slice(0, tokenPrefixLength), TOKEN_SCOPES],
  );
  writeFileSync(`${tokenFile}.new`, `${token}\n`, { mode: 0o600 });
  renameSync(`${tokenFile}.new`, tokenFile);
}

async function replaceSignInLink(client: Client, userId: number): Promise<string> {
  await client.query(
    "update sign_in_links set expires_at = now() where user_id = $1 and used_at is null and expires_at > now()",
    [userId],
  );
  const secret = randomBase62(linkSecretLength);
  await client.query("insert into sign_in_links (user_id, secret_hash, expires_at) values ($1, $2, $3)", [
    userId,
    await hashSecret(secret),
    new Date(Date.now() + linkLifetimeMs),
  ]);
  return secret;
}
