// Owners of repositories, people and organisations alike, by name.
import type { Database } from "../core/db.ts";
import { notFound } from "../core/errors.ts";
import { findOwner } from "./store/owners.ts";

/** An owner as everybody may see them; a suspended account isn't there. @throws ForgeError `not_found` */
export async function requireOwner(database: Database, by: string | { id: number }) {
  const owner = await findOwner(database.query, by);
  if (!owner) throw notFound();
  return owner;
}
