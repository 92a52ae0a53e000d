// Fields that nobody may set, sent with every body that the API describes and every form that a page shows: each route
// does what it does without them, and nothing of them is found in the database afterwards.
import { eq, sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { users } from "../../schema/tables/auth.ts";
import { randomBase62 } from "../../schema/token.ts";
import { app } from "../app.ts";
import { queryRows } from "../git/store/query-rows.ts";
import { makeSample, type Operation, readOperations } from "../testing/api-operations.ts";
import { type Estate, fillPath, makeEstate } from "../testing/estate.ts";
import { createPerson, database, send } from "../testing/fixtures.ts";
import { openSignedIn } from "../testing/mail-account.ts";
import { type Form, readForms } from "../testing/read-forms.ts";

const WORD = `stolen-${randomBase62(12)}`;
const NUMBER = 987_000_000 + Math.floor(Math.random() * 999_999);
const DATE = "2001-02-03T04:05:06";
const IDS = [
  "id",
  "user_id",
  "userId",
  "owner_id",
  "ownerId",
  "organization_id",
  "organizationId",
  "repository_id",
];
const MORE_IDS = ["repositoryId", "team_id", "actor_id", "created_by", "invitee_id", "inviter_id", "node_id"];
const WORDS = [
  "hash",
  "password_hash",
  "passwordHash",
  "token_hash",
  "secret_hash",
  "storage_key",
  "fingerprint",
  "owner",
];
const MORE_WORDS = ["username", "login", "email", "full_name", "slug", "address", "creator", "credential_id"];
const TIMES = [
  "created_at",
  "createdAt",
  "updated_at",
  "deleted_at",
  "suspended_at",
  "suspendedAt",
  "verified_at",
];
const MORE_TIMES = ["verifiedAt", "last_used_at", "expires_at", "expiresAt", "archived_at", "used_at"];
const FLAGS = [
  "is_admin",
  "isAdmin",
  "site_admin",
  "admin",
  "suspended",
  "verified",
  "is_primary",
  "primary",
];

const FORBIDDEN: Record<string, unknown> = {
  ...Object.fromEntries([...IDS, ...MORE_IDS].map((name) => [name, NUMBER])),
  ...Object.fromEntries([...WORDS, ...MORE_WORDS].map((name) => [name, WORD])),
  ...Object.fromEntries([...TIMES, ...MORE_TIMES].map((name) => [name, `${DATE}Z`])),
  ...Object.fromEntries(FLAGS.map((name) => [name, true])),
  ...{ kind: "organization", type: "Organization", role: "admin", permission: "admin", permissions: "admin" },
  ...{ visibility: "public", private: false, scopes: ["admin"], read_only: false, state: "active" },
  constructor: { prototype: { isAdmin: true } },
};

const stateSchema = z.object({ state: z.string() });

/** What people may do and see in an estate, in words that are the same for every estate. */
async function readRights({ find }: Estate): Promise<string> {
  const mine = sql`(SELECT id FROM users WHERE username IN (${find("", "owner")}, ${find("", "org")}))`;
  const places = sql`(SELECT id FROM repositories WHERE owner_id IN ${mine})`;
  const list = (column: string, from: ReturnType<typeof sql>) =>
    sql`(SELECT string_agg(${sql.raw(column)}, ' ' ORDER BY ${sql.raw(column)}) FROM ${from})`;
  const [row] = await queryRows(
    database.query,
    sql`SELECT json_build_array(
      ${list("concat(kind, is_admin, suspended_at IS NULL, password_hash)", sql`users WHERE id IN ${mine}`)},
      ${list("concat(visibility, archived_at IS NULL)", sql`repositories WHERE id IN ${places}`)},
      ${list("role", sql`collaborators WHERE repository_id IN ${places}`)},
      ${list("role", sql`organization_members WHERE organization_id IN ${mine}`)},
      ${list("role", sql`invitations WHERE organization_id IN ${mine} OR repository_id IN ${places}`)},
      ${list("scopes::text", sql`access_tokens WHERE user_id IN ${mine}`)},
      ${list("concat(is_primary, verified_at IS NULL)", sql`emails WHERE user_id IN ${mine}`)},
      ${list("can_write::text", sql`deploy_keys WHERE repository_id IN ${places}`)}
    )::text AS state`,
    stateSchema,
  );
  return row?.state ?? "";
}

/** Every row of every table that holds something of what was sent. */
async function findStolen(): Promise<unknown[]> {
  const tables = await queryRows(
    database.query,
    sql`SELECT relname AS table FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
    z.object({ table: z.string() }),
  );
  const marks = sql`ARRAY[${`%${WORD}%`}, ${`%${NUMBER}%`}, ${`%${DATE.replace("T", "_")}%`}]`;
  const queries = tables.map(
    ({ table }) =>
      sql`SELECT ${table} AS table, one::text AS row FROM ${sql.identifier(table)} one WHERE one::text LIKE ANY(${marks})`,
  );
  return queryRows(database.query, sql.join(queries, sql` UNION ALL `), z.unknown());
}

const KNOWN = { scopes: ["repo:read"], state: "active", new_owner: "nobody-of-that-name", title: "t" };

/** A body that fits, of names that are nobody's yet; what it names is there in each estate. */
function makeBody({ method, path, body }: Operation, person: string): unknown {
  const isNew = method === "POST" && !/\/(rotate|check|transfer|keys)$/.test(path);
  const name = `n${randomBase62(8)}`;
  const names = isNew ? { name, login: path.endsWith("/invitations") ? person : name } : {};
  const emails = path.includes("/user/emails")
    ? { emails: [`${randomBase62(8)}@example.com`.toLowerCase()] }
    : {};
  const key = path === "/api/v3/user/keys" ? { key: makePublicKey() } : {};
  return makeSample(body ?? {}, { ...KNOWN, ...names, ...emails, ...key });
}

function makePublicKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const head = [0, 0, 0, 11, ...new TextEncoder().encode("ssh-ed25519"), 0, 0, 0, 32];
  return `ssh-ed25519 ${btoa(String.fromCharCode(...head, ...bytes))}`;
}

async function ask(operation: Operation, estate: Estate, more: object): Promise<number> {
  const body = makeBody(operation, (await createPerson()).username);
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  const answer = await send(fillPath(estate, operation.path), {
    ...{ method: operation.method, token: estate.owner.token },
    body: JSON.stringify(isObject ? { ...body, ...more } : body),
  });
  await answer.body?.cancel();
  return answer.status;
}

const namesOf = ({ body }: Operation): Set<string> =>
  new Set(
    [body ?? {}, ...(body?.anyOf ?? []), ...(body?.oneOf ?? [])].flatMap((one) =>
      Object.keys(one.properties ?? {}),
    ),
  );

describe("fields that nobody may set", () => {
  let plain: Estate;
  let attacked: Estate;

  beforeAll(async () => {
    plain = await makeEstate();
    attacked = await makeEstate();
  });

  it("with a body of the API change neither its answer nor anybody's rights, and are kept nowhere", async () => {
    const operations = (await readOperations()).filter(({ body }) => body !== undefined);
    expect(operations.length).toBeGreaterThan(30);
    expect(await readRights(attacked)).toBe(await readRights(plain));
    const odd: string[] = [];
    const done: string[] = [];
    for (const operation of operations) {
      const own = namesOf(operation);
      const extra = Object.fromEntries(Object.entries(FORBIDDEN).filter(([name]) => !own.has(name)));
      const before = await ask(operation, plain, {});
      const after = await ask(operation, attacked, extra);
      const what = `${operation.method} ${operation.path}: ${before}`;
      if (before < 300) done.push(what);
      // A body of known fields only is refused for any other; without them it does what it did there.
      if (after === 422 && before !== 422) expect(await ask(operation, attacked, {}), what).toBe(before);
      else if (after !== before) odd.push(`${what}, with more ${after}`);
      const [one, two] = [await readRights(plain), await readRights(attacked)];
      if (one !== two) odd.push(`${what}\n${one}\n${two}`);
    }
    expect(odd).toEqual([]);
    expect(done.length, done.join()).toBeGreaterThan(17);
    expect(await findStolen()).toEqual([]);
  });

  it("with a form of a page do nothing either", async () => {
    const browser = await openSignedIn(attacked.owner.id);
    const pages = new Set(app.routes.filter(({ method }) => method === "GET").map(({ path }) => path));
    const forms: Form[] = [];
    for (const page of pages) {
      if (/^\/(api|internal|assets|login|register|reset)\b|secret|\.git|:repository|export|stream/.test(page))
        continue;
      const path = fillPath(attacked, page);
      const answer = await browser.get(path);
      const text = await answer.text();
      if (answer.status === 200) forms.push(...readForms(text, path));
    }
    // A field that any form has may mean something to the route of another.
    const known = new Set(
      forms.flatMap(({ submissions }) => submissions.flatMap((fields) => Object.keys(fields))),
    );
    const extra = Object.entries(FORBIDDEN).filter(([name]) => !known.has(name));
    const more = Object.fromEntries(extra.map(([name, value]) => [name, String(value)]));
    expect(Object.keys(more).length).toBeGreaterThan(30);
    // What ends something comes last, and signing out not at all.
    const isEnding = (fields: Record<string, string>) =>
      /delete|remove|leave|revoke|transfer/.test(JSON.stringify(fields));
    const all = forms
      .flatMap(({ action, submissions }) => submissions.map((fields) => ({ action, fields })))
      .filter(({ action }) => action !== "/logout")
      .sort((one, other) => Number(isEnding(one.fields)) - Number(isEnding(other.fields)));
    const odd: string[] = [];
    let done = 0;
    for (const { action, fields } of all) {
      const answer = await browser.post(action, { ...more, ...fields });
      await answer.body?.cancel();
      if (answer.status >= 500) odd.push(`${action}: ${answer.status}`);
      if (answer.status === 303 || answer.status === 200) done += 1;
    }
    expect(odd).toEqual([]);
    expect(done).toBeGreaterThan(20);
    expect(await findStolen()).toEqual([]);
    const [account] = await database.query.select().from(users).where(eq(users.id, attacked.owner.id));
    expect(account).toMatchObject({ kind: "person", isAdmin: false, suspendedAt: null, passwordHash: null });
  });
});
