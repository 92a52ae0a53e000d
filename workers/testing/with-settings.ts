// The site set otherwise for one test on workerd: in a transaction that is undone, so that tests at the same time, which
// share the database, see nothing of it.
import type { Database } from "../core/db.ts";
import { readSettings } from "../site-settings/service.ts";
import type { SiteSettings } from "../site-settings/settings.ts";
import { updateSettings } from "../site-settings/store.ts";
import { database } from "./fixtures.ts";

/** Calls `work` with a database in which `settings` are set. Nothing that it does outlives it. */
export async function withSettings(
  settings: Partial<SiteSettings>,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const undone = new Error("undone");
  const undoing = database.transaction(async (outer) => {
    const all = Object.entries({ ...(await readSettings(outer)), ...settings });
    await updateSettings(
      outer,
      all.map(([name, value]) => ({ name, value })),
    );
    await work({
      query: outer,
      transaction: (inner) => outer.transaction((transaction) => inner(transaction)),
      openSession: () => ({
        transaction: (inner) => outer.transaction((transaction) => inner(transaction)),
        close: async () => undefined,
      }),
      snapshot: (inner) => inner(outer),
    });
    throw undone;
  });
  await undoing.catch((error: unknown) => {
    if (error !== undone) throw error;
  });
}
