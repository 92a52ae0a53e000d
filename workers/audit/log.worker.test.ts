// The audit log as it is read: by whom, page by page, filtered and exported; and its old end, which the clock removes.
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { auditEvents } from "../../schema/tables/auth.ts";
import { randomBase62 } from "../../schema/token.ts";
import { ANONYMOUS } from "../core/actor.ts";
import { AUDIT_EVENTS_PER_PAGE_MAX } from "../core/limits.ts";
import type { Browser } from "../testing/browser.ts";
import { createPerson, database } from "../testing/fixtures.ts";
import { openSignedIn } from "../testing/mail-account.ts";
import { makeOrganization } from "../testing/organizations.ts";
import { recordAudit, sweepAudit } from "./service.ts";

const ORIGIN = { address: "203.0.113.9", userAgent: "test", requestId: "" };
const ROWS = AUDIT_EVENTS_PER_PAGE_MAX * 2 + 3;

let org: string;
let owner: Browser;
let member: Browser;
let action: string;

beforeAll(async () => {
  const made = await makeOrganization();
  org = made.name;
  [owner, member] = [await openSignedIn(made.owner.id), await openSignedIn(made.member.id)];
  const [{ id = 0 } = {}] = await database.query
    .select({ id: auditEvents.ownerId })
    .from(auditEvents)
    .where(sql`action = 'organization.create' AND target_name = ${org}`)
    .then((rows) => rows.map((row) => ({ id: row.id ?? 0 })));
  action = `test.${randomBase62(8)}`;
  for (let at = 0; at < ROWS; at++) {
    const target = { kind: "thing", id: at, name: `thing-${at}.` };
    await recordAudit(database.query, ANONYMOUS, ORIGIN, { action, ownerId: id, target });
  }
});

const readNames = (page: string) => [...page.matchAll(/thing-(\d+)\./g)].map(([, at]) => Number(at));
const readNext = (page: string) => /href="([^"]+)"[^>]*rel="next"/.exec(page)?.[1]?.replaceAll("&amp;", "&");

describe("an organisation's log", () => {
  it("is its owners' to see and to take along, and nobody else's", async () => {
    const stranger = await openSignedIn((await createPerson()).id);
    for (const path of [`/orgs/${org}/settings/audit`, `/orgs/${org}/settings/audit/export`]) {
      expect((await owner.get(path)).status).toBe(200);
      for (const other of [member, stranger]) expect((await other.get(path)).status).toBe(403);
    }
    const page = await (await owner.get(`/orgs/${org}/settings/audit`)).text();
    expect(page).toContain(`Audit log · ${org}`);
    const created = await owner.get(`/orgs/${org}/settings/audit?action=organization.create`);
    expect(await created.text()).toContain(`created the organisation ${org}`);
    const people = await (await owner.get(`/orgs/${org}/people`)).text();
    expect(people).toContain(`href="/orgs/${org}/settings/audit"`);
    expect(await (await member.get(`/orgs/${org}/people`)).text()).not.toContain("settings/audit");
  });

  it("is read page by page from the newest, each event once, though more are added meanwhile", async () => {
    const seen: number[] = [];
    let path: string | undefined = `/orgs/${org}/settings/audit?action=${action}`;
    let pages = 0;
    while (path !== undefined) {
      const page: string = await (await owner.get(path)).text();
      seen.push(...new Set(readNames(page)));
      path = readNext(page);
      pages += 1;
      await recordAudit(database.query, ANONYMOUS, ORIGIN, {
        action: `${action}.later`,
        target: { kind: "x", name: "x" },
      });
    }
    expect(pages).toBe(3);
    expect(seen).toEqual(Array.from({ length: ROWS }, (_, at) => ROWS - 1 - at));
  });

  it("takes a cursor that is none for none, and what is no date for a mistake", async () => {
    const first = await (await owner.get(`/orgs/${org}/settings/audit?action=${action}`)).text();
    for (const before of ["-1", "0", "1e9", "9".repeat(40), "'; --", "%00"]) {
      const answer = await owner.get(`/orgs/${org}/settings/audit?action=${action}&before=${before}`);
      expect([before, answer.status, readNames(await answer.text())]).toEqual([
        before,
        200,
        readNames(first),
      ]);
    }
    for (const since of ["yesterday", "2026-13-45", "' OR 1=1"]) {
      expect((await owner.get(`/orgs/${org}/settings/audit?since=${encodeURIComponent(since)}`)).status).toBe(
        400,
      );
    }
  });

  it("is exported whole as a line of JSON an event, by the same filter", async () => {
    const answer = await owner.get(`/orgs/${org}/settings/audit/export?action=${action}`);
    expect(answer.headers.get("content-disposition")).toContain("audit.ndjson");
    const lines = new TextDecoder()
      .decode(await answer.arrayBuffer())
      .trimEnd()
      .split("\n");
    expect(lines).toHaveLength(ROWS);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      ...{ action, actor: null, address: ORIGIN.address, target: { kind: "thing", id: ROWS - 1 } },
    });
    const none = await owner.get(`/orgs/${org}/settings/audit/export?action=${action}&until=2020-01-01`);
    expect((await none.arrayBuffer()).byteLength).toBe(0);
  });
});

describe("the clock", () => {
  it("may end old events through the database's own function, and ends no other", async () => {
    const count = async () =>
      (await database.query.select().from(auditEvents).where(sql`action = ${action}`)).length;
    await sweepAudit(database);
    expect(await count()).toBe(ROWS);
    await expect(
      database.query.execute(sql`DELETE FROM audit_events WHERE action = ${action}`),
    ).rejects.toMatchObject({
      cause: { code: "42501" },
    });
    expect(await count()).toBe(ROWS);
  });
});
