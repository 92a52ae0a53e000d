// The settings of the whole site: read by whoever acts by them, changed by the site's admins alone.
// Invariant: who decides by a setting reads it from the database; only what pages show is kept, for seconds.
import { recordAudit } from "../audit/service.ts";
import { requirePermission } from "../auth/permissions.ts";
import { requireUser } from "../auth/require-user.ts";
import type { Actor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { SITE_SETTINGS_KEPT_MS } from "../core/limits.ts";
import type { Origin } from "../core/origin.ts";
import { DEFAULT_SETTINGS, type SettingName, type SiteSettings, siteSettingsSchema } from "./settings.ts";
import * as store from "./store.ts";

/** All settings as they are now. @throws ZodError when the database holds one that doesn't fit. */
export async function readSettings(query: Executor): Promise<SiteSettings> {
  const rows = await store.listSettings(query);
  const stored = Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  return siteSettingsSchema.parse({ ...DEFAULT_SETTINGS, ...stored });
}

const kept = new WeakMap<Env, { settings: SiteSettings; atMs: number }>();

/** The settings as they were at most `SITE_SETTINGS_KEPT_MS` ago, for what every page shows. */
export async function readKeptSettings(env: Env, database: Database): Promise<SiteSettings> {
  const known = kept.get(env);
  if (known && Date.now() - known.atMs < SITE_SETTINGS_KEPT_MS) return known.settings;
  const atMs = Date.now();
  const settings = await readSettings(database.query);
  kept.set(env, { settings, atMs });
  return settings;
}

/** For admins. @throws ForgeError as `requirePermission` does */
export async function readSettingsAsAdmin(database: Database, actor: Actor): Promise<SiteSettings> {
  requirePermission(requireUser(actor), "site.administer", { site: true });
  return readSettings(database.query);
}

/**
 * Changes the settings that `changes` names; what becomes of each is recorded with what it was.
 * @returns all settings as they are from then on
 */
export async function changeSettings(
  { env, database, actor, origin }: { env: Env; database: Database; actor: Actor; origin: Origin },
  changes: Partial<SiteSettings>,
): Promise<SiteSettings> {
  const admin = requireUser(actor);
  requirePermission(admin, "site.administer", { site: true });
  const names = siteSettingsSchema.keyof().options.filter((name) => changes[name] !== undefined);
  if (names.length === 0) return readSettings(database.query);
  const changed = await database.transaction(async (transaction) => {
    await store.lockSettings(transaction, pick(DEFAULT_SETTINGS, names));
    const before = await readSettings(transaction);
    const wanted = Object.fromEntries(names.map((name) => [name, changes[name]]));
    const after = siteSettingsSchema.parse({ ...before, ...wanted });
    const different = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
    if (different.length === 0) return after;
    await store.updateSettings(transaction, pick(after, different));
    await recordAudit(transaction, admin, origin, {
      action: "site.settings-change",
      target: { kind: "site", name: different.join(" ") },
      details: { before: describe(before, different), after: describe(after, different) },
    });
    return after;
  });
  kept.set(env, { settings: changed, atMs: Date.now() });
  return changed;
}

const pick = (settings: SiteSettings, names: readonly SettingName[]) =>
  names.map((name) => ({ name, value: settings[name] }));

const describe = (settings: SiteSettings, names: readonly SettingName[]) =>
  Object.fromEntries(names.map((name) => [name, settings[name]]));
