// People as the site's admins see them. Invariant: how somebody gets in is told in numbers; no secret, no address.
import type { Actor } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import { notFound } from "../core/errors.ts";
import type { PageRequest } from "../core/paging.ts";
import { requireSiteAdmin } from "./require-admin.ts";
import * as store from "./store.ts";

export type { PeopleFilter } from "./store.ts";

/** Those whose name begins with `search`, or whose verified address it is; by name. */
export async function listPeople(
  database: Database,
  actor: Actor,
  wanted: { search: string; filter: store.PeopleFilter },
  page: PageRequest,
) {
  requireSiteAdmin(actor);
  const { search, filter } = wanted;
  return {
    people: await store.listPeople(database.query, search, filter, page),
    total: await store.countPeople(database.query, search, filter),
  };
}

type PersonInFull = NonNullable<Awaited<ReturnType<typeof store.findPerson>>>;

/** One person. @throws ForgeError `not_found` for an organisation too */
export async function requirePersonAsAdmin(
  database: Database,
  actor: Actor,
  username: string,
): Promise<PersonInFull> {
  requireSiteAdmin(actor);
  const person = await store.findPerson(database.query, username);
  if (!person) throw notFound();
  return person;
}
