// The site's settings by the API: read and changed by admins alone, within bounds, recorded; and what they set is done.
// Only what disturbs no other test is set for the whole database; see testing/with-settings.ts for the rest.
import { env } from "cloudflare:test";
import { and, desc, eq } from "drizzle-orm";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { auditEvents, users } from "../../schema/tables/auth.ts";
import { randomBase62 } from "../../schema/token.ts";
import type { UserActor } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import { parseEnv } from "../core/env.ts";
import {
  AUDIT_RETENTION_DAYS_MAX,
  AUDIT_RETENTION_DAYS_MIN,
  REGISTRATION_DOMAINS_MAX,
  SITE_BANNER_CHARACTERS_MAX,
  SITE_NAME_CHARACTERS_MAX,
  SITE_SETTINGS_KEPT_MS,
} from "../core/limits.ts";
import { createOrganization, requireOrganization } from "../orgs/organizations.ts";
import { createOrganizationRepository } from "../orgs/repositories.ts";
import { createRepository } from "../repos/service.ts";
import { createPerson, database, giveToken, type Person, send } from "../testing/fixtures.ts";
import { withSettings } from "../testing/with-settings.ts";
import { readKeptSettings, readSettings } from "./service.ts";
import { updateSettings } from "./store.ts";

let admin: Person;

beforeAll(async () => {
  admin = await createPerson();
  await database.query.update(users).set({ isAdmin: true }).where(eq(users.id, admin.id));
});

const read = (token: string | null) => send("/api/site/settings", token === null ? {} : { token });
const change = (token: string, body: object) =>
  send("/api/site/settings", { method: "PATCH", token, body: JSON.stringify(body) });

const toActor = ({ id, username }: Person, isAdmin = false): UserActor => ({
  ...{ kind: "user", userId: id, username, isAdmin },
  credential: { kind: "token", tokenId: 0, scopes: ["admin"], repositoryIds: null },
});
const origin = { address: "", userAgent: "", requestId: "" };

describe("the settings", () => {
  it("are read and changed by an admin with the admin scope, and are nothing to anybody else", async () => {
    const person = await createPerson();
    expect((await read(null)).status).toBe(401);
    for (const token of [person.token, await giveToken(admin.id, ["org:*", "user:*", "repo:write"])]) {
      const refusal = token === person.token ? 404 : 403;
      expect([(await read(token)).status, (await change(token, { banner: "x" })).status]).toEqual([
        refusal,
        refusal,
      ]);
    }
    const answer = await read(admin.token);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.json()).toMatchObject({ registration: "open", registration_domains: [] });
  });

  it("are recorded with what they were and are, those alone that changed, and nothing where none did", async () => {
    const lastRecord = async () =>
      database.query
        .select()
        .from(auditEvents)
        .where(and(eq(auditEvents.actorId, admin.id), eq(auditEvents.action, "site.settings-change")))
        .orderBy(desc(auditEvents.id));
    const { auditRetentionDays: before } = await readSettings(database.query);
    const changed = await change(admin.token, { audit_retention_days: 777, registration: "open" });
    expect(await changed.json()).toMatchObject({ audit_retention_days: 777, registration: "open" });
    expect((await lastRecord())[0]).toMatchObject({
      targetKind: "site",
      targetName: "auditRetentionDays",
      details: { before: { auditRetentionDays: before }, after: { auditRetentionDays: 777 } },
    });
    const recorded = (await lastRecord()).length;
    await change(admin.token, { audit_retention_days: 777 });
    await change(admin.token, {});
    expect((await lastRecord()).length).toBe(recorded);
    await change(admin.token, { audit_retention_days: before });
    expect(await readSettings(database.query)).toMatchObject({ auditRetentionDays: before });
  });

  it.each([
    ["audit_retention_days", AUDIT_RETENTION_DAYS_MIN - 1],
    ["audit_retention_days", AUDIT_RETENTION_DAYS_MAX + 1],
    ["audit_retention_days", 100.5],
    ["site_name", "x".repeat(SITE_NAME_CHARACTERS_MAX + 1)],
    ["site_name", "  "],
    ["site_name", "two\nlines"],
    ["banner", "x".repeat(SITE_BANNER_CHARACTERS_MAX + 1)],
    ["banner", "right\u202Eleft"],
    ["registration", "sometimes"],
    ["registration_domains", Array.from({ length: REGISTRATION_DOMAINS_MAX + 1 }, (_, at) => `d${at}.test`)],
    ["registration_domains", ["ann@example.com"]],
    ["registration_domains", ["*.example.com"]],
    ["organization_creation", "nobody"],
    ["default_visibility", "internal"],
    ["colour", "pink"],
  ])("refuse %s as %j, with the field named, and change nothing", async (field, value) => {
    const before = await readSettings(database.query);
    const answer = await change(admin.token, { [field]: value });
    expect(answer.status).toBe(422);
    const { errors } = await answer.json<{ errors: { field: string }[] }>();
    if (field !== "colour") expect(errors[0]?.field.split(".")[0]).toBe(field);
    expect(await readSettings(database.query)).toEqual(before);
  });

  it.each([
    { auditRetentionDays: AUDIT_RETENTION_DAYS_MIN },
    { auditRetentionDays: AUDIT_RETENTION_DAYS_MAX },
    { siteName: "x".repeat(SITE_NAME_CHARACTERS_MAX) },
    { banner: "x".repeat(SITE_BANNER_CHARACTERS_MAX) },
    { registrationDomains: Array.from({ length: REGISTRATION_DOMAINS_MAX }, (_, at) => `d${at}.test`) },
  ])("may be at their limits", (settings) =>
    withSettings(settings, async ({ query }) => {
      expect(await readSettings(query)).toMatchObject(settings);
    }),
  );

  it("that pages show are read anew after five seconds, and not before", () =>
    withSettings({ banner: "first" }, async (inside) => {
      const own = { ...parseEnv(env) };
      vi.useFakeTimers({ toFake: ["Date"] });
      try {
        const shown = async () => (await readKeptSettings(own, inside)).banner;
        expect(await shown()).toBe("first");
        await updateSettings(inside.query, [{ name: "banner", value: "second" }]);
        vi.setSystemTime(Date.now() + SITE_SETTINGS_KEPT_MS - 1);
        expect(await shown()).toBe("first");
        vi.setSystemTime(Date.now() + 1);
        expect(await shown()).toBe("second");
      } finally {
        vi.useRealTimers();
      }
    }));
});

describe("an organisation", () => {
  const make = (inside: Database, person: Person, isAdmin: boolean) =>
    createOrganization(inside, toActor(person, isAdmin), origin, {
      ...{ name: `o${randomBase62(10)}`, displayName: "", description: "" },
    });

  it("is made by admins alone where that is set, and by everyone else not", () =>
    withSettings({ organizationCreation: "admins" }, async (inside) => {
      await expect(make(inside, await createPerson(), false)).rejects.toMatchObject({
        code: "forbidden",
        message: "Only admins of this site can do this.",
      });
      expect(await make(inside, admin, true)).toMatchObject({ organizationRole: "owner" });
    }));

  it("is made by everyone otherwise", () =>
    withSettings({ organizationCreation: "everyone" }, async (inside) => {
      expect(await make(inside, await createPerson(), false)).toMatchObject({ organizationRole: "owner" });
    }));
});

describe.each(["private", "public"] as const)("where new repositories are %s", (defaultVisibility) => {
  const name = () => `r${randomBase62(10)}`;

  it("one is that unless its maker says otherwise, a person's or an organisation's", () =>
    withSettings({ defaultVisibility }, async (inside) => {
      const actor = toActor(await createPerson());
      const unsaid = { description: "", visibility: undefined };
      expect(await createRepository(inside, actor, { ...unsaid, name: name() })).toMatchObject({
        visibility: defaultVisibility,
      });
      const other = defaultVisibility === "private" ? ("public" as const) : ("private" as const);
      const said = { description: "", visibility: other };
      expect(await createRepository(inside, actor, { ...said, name: name() })).toMatchObject({
        visibility: other,
      });
      const made = await createOrganization(inside, actor, origin, {
        ...{ name: `o${randomBase62(10)}`, displayName: "", description: "" },
      });
      const organization = await requireOrganization(
        inside,
        actor,
        made.name,
        "organization.create-repository",
      );
      const inOrganization = (wanted: typeof unsaid | typeof said) =>
        createOrganizationRepository(inside, actor, origin, organization, { ...wanted, name: name() });
      expect(await inOrganization(unsaid)).toMatchObject({ visibility: defaultVisibility });
      expect(await inOrganization(said)).toMatchObject({ visibility: other });
    }));
});
