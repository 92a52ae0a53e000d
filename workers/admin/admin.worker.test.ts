// Administration is the admins' alone; a suspended person is out of everything; what queues gave up is kept and resent.
import { createExecutionContext, createMessageBatch, env, getQueueResult } from "cloudflare:test";
import { eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { auditEvents, users } from "../../schema/tables/auth.ts";
import { deadLetters } from "../../schema/tables/events.ts";
import { randomBase62 } from "../../schema/token.ts";
import worker from "../main.ts";
import { createPerson, database, giveLink, makeRepository, send } from "../testing/fixtures.ts";

async function signIn(userId: number) {
  const answer = await send(await giveLink(userId), { method: "POST" });
  const cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const page = await (await send("/new", { cookie })).text();
  const csrf = /name="_csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const post = (path: string) => send(path, { method: "POST", cookie, headers: { "x-csrf-token": csrf } });
  return { cookie, post };
}
async function createAdmin() {
  const admin = await createPerson();
  await database.query.update(users).set({ isAdmin: true }).where(eq(users.id, admin.id));
  return { ...admin, ...(await signIn(admin.id)) };
}

describe("an admin", () => {
  it("shuts somebody out of pages, the API and git at once, and lets them in again", async () => {
    const [admin, person] = [await createAdmin(), await createPerson()];
    const { name } = await makeRepository(person, true);
    const browser = await signIn(person.id);
    const statuses = async () => [
      (await send("/new", { cookie: browser.cookie })).status,
      (await send("/api/v3/user", { token: person.token })).status,
      (
        await send(`/${person.username}/${name}.git/info/refs?service=git-upload-pack`, {
          token: person.token,
        })
      ).status,
    ];
    expect(await statuses()).toEqual([200, 200, 200]);
    expect(await (await send(`/site-admin?search=${person.username}`, admin)).text()).toContain(
      person.username,
    );
    expect((await admin.post(`/site-admin/users/${person.id}/suspend`)).status).toBe(303);
    expect(await statuses()).toEqual([401, 401, 401]);
    expect((await admin.post(`/site-admin/users/${person.id}/unsuspend`)).status).toBe(303);
    expect(await statuses()).toEqual([200, 200, 200]);
    expect((await admin.post(`/site-admin/users/${admin.id}/suspend`)).status).toBe(409);
    const log = await database.query.select().from(auditEvents).where(eq(auditEvents.actorId, admin.id));
    expect(log.map(({ action }) => action)).toEqual(
      expect.arrayContaining(["user.suspend", "user.unsuspend"]),
    );
    const exported = await (await send(`/site-admin/audit/export?actor=${admin.username}`, admin)).text();
    for (const line of exported.trim().split("\n"))
      expect(JSON.parse(line)).toMatchObject({ actor: { id: admin.id } });
  });

  it("is the only one for whom there is anything here", async () => {
    const person = await createPerson();
    const browser = await signIn(person.id);
    for (const path of ["/site-admin", "/site-admin/audit", "/site-admin/audit/export"]) {
      expect((await send(path, browser)).status).toBe(404);
      expect((await send(path)).status).toBe(401);
    }
    expect((await browser.post(`/site-admin/users/${person.id}/suspend`)).status).toBe(404);
    expect((await browser.post("/site-admin/dead-letters/1/replay")).status).toBe(404);
  });

  it("sees what a queue gave up, and sends it again once", async () => {
    const admin = await createAdmin();
    const id = randomBase62(12);
    const message = { id, timestamp: new Date(), attempts: 1, body: { kind: "wake", runId: 2_000_000_001 } };
    for (let time = 0; time < 2; time++) {
      const batch = createMessageBatch("runs-dead", [message]);
      const context = createExecutionContext();
      await worker.queue(batch, env, context);
      expect((await getQueueResult(batch, context)).explicitAcks).toEqual([id]);
    }
    const kept = await database.query.select().from(deadLetters).where(eq(deadLetters.messageId, id));
    expect(kept).toMatchObject([{ queue: "runs", replayedAt: null }]);
    expect(await (await send("/site-admin", admin)).text()).toContain("2000000001");
    const path = `/site-admin/dead-letters/${kept[0]?.id}/replay`;
    expect([(await admin.post(path)).status, (await admin.post(path)).status]).toEqual([303, 404]);
  });
});

describe("the audit log", () => {
  it("lets nobody change or remove what it holds", async () => {
    const person = await createPerson();
    await signIn(person.id);
    const mine = eq(auditEvents.ownerId, person.id);
    for (const change of [
      () => database.query.update(auditEvents).set({ action: "nothing" }).where(mine),
      () => database.query.delete(auditEvents).where(mine),
      () => database.query.execute(sql`TRUNCATE audit_events`),
    ]) {
      await expect(change()).rejects.toThrow();
    }
    expect((await database.query.select().from(auditEvents).where(mine)).length).toBeGreaterThan(0);
  });

  it("shows a person their own, filtered, and nobody else's", async () => {
    const [person, other] = [await createPerson(), await createPerson()];
    const browser = await signIn(person.id);
    await signIn(other.id);
    const page = await (await send("/settings/security-log", browser)).text();
    expect(page).toContain("session.open");
    expect(page).not.toContain(other.username);
    expect(await (await send("/settings/security-log?action=nothing", browser)).text()).toContain(
      "Nothing is recorded",
    );
    expect((await send("/settings/security-log?since=yesterday", browser)).status).toBe(400);
  });
});
