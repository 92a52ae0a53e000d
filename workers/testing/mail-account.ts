// An account that signs in by mail or password, for tests on workerd, as if it had registered.
import { Buffer } from "node:buffer";
import { eq } from "drizzle-orm";
import { auditEvents, emails, users } from "../../schema/tables/auth.ts";
import { replaceSession } from "../auth/sessions.ts";
import { ANONYMOUS } from "../core/actor.ts";
import { type DeriveHash, hashPassword } from "../sign-in/password-hash.ts";
import { type Browser, openBrowser } from "./browser.ts";
import { createPerson, database } from "./fixtures.ts";
import { newAddress } from "./mail.ts";

export const PASSWORD = "kitchen-lamp-42-violin";
// One hash for all, since it takes its time.
const passwordHash = hashPassword(PASSWORD);

export interface MailAccount {
  id: number;
  username: string;
  /** Primary and verified. */
  address: string;
}

export async function makeMailAccount(hash?: string): Promise<MailAccount> {
  const { id, username } = await createPerson();
  const address = newAddress();
  await database.query
    .update(users)
    .set({ passwordHash: hash ?? (await passwordHash) })
    .where(eq(users.id, id));
  await database.query
    .insert(emails)
    .values({ userId: id, address, isPrimary: true, verifiedAt: new Date() });
  return { id, username, address };
}

/** A browser that is signed in, by a session that was just opened. */
export async function openSignedIn(userId: number): Promise<Browser> {
  const origin = { address: "", userAgent: "", requestId: "" };
  const secret = await replaceSession(
    database.query,
    ANONYMOUS,
    { id: userId, username: "" },
    "password",
    origin,
  );
  return openBrowser(`plue=${secret}`);
}

/** A browser that is signed in by password. @throws Error when it isn't. */
export async function signInByForm(login: string, password = PASSWORD): Promise<Browser> {
  const browser = openBrowser();
  const answer = await browser.post("/login/password", { login, password });
  if (answer.status !== 303) throw new Error(`signing in answered ${answer.status}`);
  return browser;
}

/** What the audit log of an account tells of, oldest first. */
export async function readActions(ownerId: number): Promise<string[]> {
  const events = await database.query
    .select({ action: auditEvents.action })
    .from(auditEvents)
    .where(eq(auditEvents.ownerId, ownerId))
    .orderBy(auditEvents.id);
  return events.map(({ action }) => action);
}

/** A hash that is quick, and a count of how often it was asked for and with what cost. */
export function countHashes(): { derive: DeriveHash; asked: string[] } {
  const asked: string[] = [];
  const derive: DeriveHash = async (password, salt, { ln, r, p }) => {
    asked.push(`${ln} ${r} ${p}`);
    const bytes = new TextEncoder().encode(`${password} ${salt.join()}`);
    return Buffer.from(await crypto.subtle.digest("SHA-256", bytes));
  };
  return { derive, asked };
}
