// Whom a sign-in names: the account of that username, or of that verified address. Names compare without case.
import { inArray, type SQL, sql } from "drizzle-orm";
import { emails, users } from "../../schema/tables/auth.ts";

/** The condition on `users`; no account when the address is nobody's. */
export function hasLogin(login: string): SQL {
  if (!login.includes("@")) return sql`lower(${users.username}) = lower(${login})`;
  const owner = sql`(SELECT ${emails.userId} FROM ${emails}
    WHERE lower(${emails.address}) = lower(${login}) AND ${emails.verifiedAt} IS NOT NULL)`;
  return inArray(users.id, owner);
}
