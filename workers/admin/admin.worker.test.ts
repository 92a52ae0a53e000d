// Administration is the admins' alone; a suspended person is out of everything, and what is done to somebody is in their log.
import { eq, inArray, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { auditEvents, users } from "../../schema/tables/auth.ts";
import { workflowRuns } from "../../schema/tables/runs.ts";
import { SUSPENSION_REASON_CHARACTERS_MAX } from "../core/limits.ts";
import { openBrowser } from "../testing/browser.ts";
import { createPerson, database, makeRepository, makeRun, send } from "../testing/fixtures.ts";
import { readLink, readMails } from "../testing/mail.ts";
import { makeMailAccount, openSignedIn, PASSWORD, readActions } from "../testing/mail-account.ts";

async function openAdmin() {
  const admin = await createPerson();
  await database.query.update(users).set({ isAdmin: true }).where(eq(users.id, admin.id));
  return { ...admin, browser: await openSignedIn(admin.id) };
}
const VERBS = ["suspend", "restore", "make-admin", "end-admin", "reset", "end-sessions", "revoke-tokens"];
const pathOf = ({ username }: { username: string }) => `/site-admin/people/${username}`;
const statusOf = async (answer: Promise<Response>) => (await answer).status;

describe("an admin", () => {
  it("shuts somebody out of pages, the API and git at once, with a reason, and lets them in again", async () => {
    const [admin, person] = [await openAdmin(), await createPerson()];
    const { name } = await makeRepository(person, true);
    const browser = await openSignedIn(person.id);
    const git = `/${person.username}/${name}.git/info/refs?service=git-upload-pack`;
    const statuses = async () => [
      await statusOf(browser.get("/new")),
      await statusOf(send("/api/v3/user", { token: person.token })),
      await statusOf(send(git, { token: person.token })),
    ];
    const act = (verb: string, reason: string) => admin.browser.post(`${pathOf(person)}/${verb}`, { reason });
    expect(await statuses()).toEqual([200, 200, 200]);
    for (const reason of ["", "   ", "x".repeat(SUSPENSION_REASON_CHARACTERS_MAX + 1)]) {
      const refused = await act("suspend", reason);
      expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining("reason-error")]);
    }
    expect(await statuses()).toEqual([200, 200, 200]);
    expect((await act("suspend", "x".repeat(SUSPENSION_REASON_CHARACTERS_MAX))).status).toBe(303);
    expect(await statuses()).toEqual([401, 401, 401]);
    expect((await act("suspend", "again")).status).toBe(422);
    expect((await act("restore", "they wrote")).status).toBe(303);
    expect((await act("suspend", "spam in issues")).status).toBe(303);
    const page = await (await admin.browser.get(pathOf(person))).text();
    expect(page).toContain("spam in issues");
    expect((await act("restore", "a mistake")).status).toBe(303);
    expect(await statuses()).toEqual([200, 200, 200]);
    const log = await database.query.select().from(auditEvents).where(eq(auditEvents.ownerId, person.id));
    expect(log.findLast(({ action }) => action === "user.unsuspend")).toMatchObject({
      actorId: admin.id,
      details: { reason: "a mistake", suspendedFor: "spam in issues" },
    });
    const path = `/site-admin/audit/export?actor=${admin.username}`;
    for (const line of (await (await admin.browser.get(path)).text()).trim().split("\n")) {
      expect(JSON.parse(line)).toMatchObject({ actor: { id: admin.id } });
    }
  });

  it("ends the runs of somebody who is shut out, and nobody else's", async () => {
    const [admin, person, other] = [await openAdmin(), await createPerson(), await createPerson()];
    const yaml = "on: push\njobs: {a: {steps: [{run: 'true'}]}}\n";
    const [theirs, others] = [await makeRepository(person), await makeRepository(other)];
    const ids = {
      own: (await makeRun(person, theirs.id, yaml)).id,
      byAnother: (await makeRun(other, theirs.id, yaml)).id,
      elsewhere: (await makeRun(person, others.id, yaml)).id,
      unrelated: (await makeRun(other, others.id, yaml)).id,
      ended: (await makeRun(person, theirs.id, yaml)).id,
    };
    await database.query
      .update(workflowRuns)
      .set({ status: "succeeded" })
      .where(eq(workflowRuns.id, ids.ended));
    await admin.browser.post(`${pathOf(person)}/suspend`, { reason: "x" });
    const rows = await database.query
      .select({ id: workflowRuns.id, at: workflowRuns.cancelRequestedAt })
      .from(workflowRuns)
      .where(inArray(workflowRuns.id, Object.values(ids)));
    const asked = rows.filter(({ at }) => at !== null).map(({ id }) => id);
    expect(asked.sort()).toEqual([ids.own, ids.byAnother, ids.elsewhere].sort());
  });

  it("makes somebody an admin, which they have to sign in for, and ends that", async () => {
    const [admin, person] = [await openAdmin(), await createPerson()];
    const before = await openSignedIn(person.id);
    const act = async (verb: string) => statusOf(admin.browser.post(`${pathOf(person)}/${verb}`));
    expect([await act("end-admin"), await act("make-admin"), await act("make-admin")]).toEqual([
      422, 303, 422,
    ]);
    expect(await before.isSignedIn()).toBe(false);
    const browser = await openSignedIn(person.id);
    expect(await statusOf(browser.get("/site-admin"))).toBe(200);
    expect([await act("end-admin"), await act("end-admin")]).toEqual([303, 422]);
    expect(await browser.isSignedIn()).toBe(false);
    expect(await statusOf((await openSignedIn(person.id)).get("/site-admin"))).toBe(404);
    await admin.browser.post(`${pathOf(person)}/suspend`, { reason: "x" });
    expect(await act("make-admin")).toBe(422);
    expect((await readActions(person.id)).filter((action) => action.startsWith("user."))).toEqual([
      ...["user.admin-make", "user.admin-end", "user.suspend"],
    ]);
  });

  it.each(["end-admin", "suspend"])("is left where two do %s to each other at once", async (verb) => {
    const [one, other] = [await openAdmin(), await openAdmin()];
    const statuses = await Promise.all([
      statusOf(one.browser.post(`${pathOf(other)}/${verb}`, { reason: "x" })),
      statusOf(other.browser.post(`${pathOf(one)}/${verb}`, { reason: "x" })),
    ]);
    expect(statuses.filter((status) => status === 303)).toHaveLength(1);
    const left = await database.query
      .select()
      .from(users)
      .where(sql`id IN (${one.id}, ${other.id}) AND is_admin AND suspended_at IS NULL`);
    expect(left).toHaveLength(1);
  });

  it("does nothing of the kind to themselves", async () => {
    const admin = await openAdmin();
    for (const verb of VERBS) {
      const answer = await admin.browser.post(`${pathOf(admin)}/${verb}`, { reason: "x" });
      expect([verb, answer.status]).toEqual([verb, 409]);
    }
    expect(await (await admin.browser.get(pathOf(admin))).text()).toContain("This is your own account");
  });

  it("is the only one for whom there is anything here", async () => {
    const [person, other] = [await createPerson(), await createPerson()];
    const browser = await openSignedIn(person.id);
    const pages = [
      "",
      "/audit",
      "/audit/export",
      "/settings",
      "/mail",
      "/queues",
      `/people/${other.username}`,
    ];
    for (const page of [...pages, `/people/${other.username}/export`]) {
      expect([page, await statusOf(browser.get(`/site-admin${page}`))]).toEqual([page, 404]);
      expect([page, await statusOf(openBrowser().get(`/site-admin${page}`))]).toEqual([page, 401]);
    }
    for (const verb of VERBS) {
      expect(await statusOf(browser.post(`${pathOf(other)}/${verb}`, { reason: "x" }))).toBe(404);
    }
    for (const path of ["/settings", "/mail/1/retry", "/mail/1/drop", "/queues/dead-letters/1/resend"]) {
      expect([path, await statusOf(browser.post(`/site-admin${path}`))]).toEqual([path, 404]);
    }
    expect(await readActions(other.id)).toEqual([]);
  });

  it("proves who they are once more before they do any of it", async () => {
    const [admin, person] = [await openAdmin(), await createPerson()];
    await database.query.execute(
      sql`UPDATE auth_sessions SET proved_at = now() - interval '2 hours' WHERE user_id = ${admin.id}`,
    );
    for (const path of [`${pathOf(person)}/suspend`, "/site-admin/settings"]) {
      const answer = await admin.browser.post(path, { reason: "x" });
      expect(answer.headers.get("location")).toMatch(/^\/login\/confirm/);
    }
    expect(await readActions(person.id)).toEqual([]);
  });

  it("finds people by the beginning of a name or a whole confirmed address, of a kind, page by page", async () => {
    const [admin, account] = [await openAdmin(), await makeMailAccount()];
    const found = async (query: string) =>
      [...(await (await admin.browser.get(`/site-admin?${query}`)).text()).matchAll(/people\/(\w+)"/g)].map(
        ([, name]) => name,
      );
    const { username, address } = account;
    expect(await found(`search=${username.slice(0, -2).toUpperCase()}`)).toEqual([username]);
    expect(await found(`search=${encodeURIComponent(address.toUpperCase())}`)).toEqual([username]);
    expect(await found(`search=${encodeURIComponent(address.slice(0, -1))}`)).toEqual([]);
    expect(await found(`search=${username}&filter=suspended`)).toEqual([]);
    expect(await found(`search=${username}&filter=admins`)).toEqual([]);
    expect(await found(`search=${admin.username}&filter=admins`)).toEqual([admin.username]);
    await admin.browser.post(`${pathOf(account)}/suspend`, { reason: "x" });
    expect(await found(`search=${username}&filter=suspended`)).toEqual([username]);
    const [first, second] = [await found("per_page=1"), await found("per_page=1&page=2")];
    expect([first.length, second.length]).toEqual([1, 1]);
    expect(first).not.toEqual(second);
  });
});

describe("somebody's page", () => {
  it("tells in numbers how they get in and what they hold, and no secret", async () => {
    const [admin, account] = [await openAdmin(), await makeMailAccount()];
    await openSignedIn(account.id);
    const page = await (await admin.browser.get(pathOf(account))).text();
    expect(page).toContain("Ways in: no passkey, no wallet, 1 confirmed address, a password.");
    expect(page).toContain("Holds: 1 session, 1 API token, no SSH key.");
    for (const secret of [account.address, "scrypt", "plue_"]) expect(page).not.toContain(secret);
  });

  it("shows what was done by and to them, and to nobody else", async () => {
    const [admin, person, other] = [await openAdmin(), await createPerson(), await createPerson()];
    await openSignedIn(other.id);
    await admin.browser.post(`${pathOf(person)}/revoke-tokens`);
    const page = await (await admin.browser.get(pathOf(person))).text();
    expect(page).toContain("user.tokens-revoke");
    expect(page).not.toContain(other.username);
    const exported = await (await admin.browser.get(`${pathOf(person)}/export`)).text();
    expect(
      exported
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).action),
    ).toEqual(["user.tokens-revoke"]);
  });

  it("isn't there for an organisation or nobody", async () => {
    const admin = await openAdmin();
    const made = await send("/api/v3/orgs", {
      ...{ method: "POST", token: admin.token },
      body: JSON.stringify({ login: `o${admin.username}`.slice(0, 30) }),
    });
    const { login } = await made.json<{ login: string }>();
    for (const username of [login, "nobody-at-all"]) {
      expect(await statusOf(admin.browser.get(pathOf({ username })))).toBe(404);
      expect(await statusOf(admin.browser.post(`${pathOf({ username })}/suspend`, { reason: "x" }))).toBe(
        404,
      );
    }
  });
});

describe("an admin's reset", () => {
  it("mails the person a link of their own, which sets a password and ends their sessions", async () => {
    const [admin, account] = [await openAdmin(), await makeMailAccount()];
    const before = await openSignedIn(account.id);
    const answer = await admin.browser.post(`${pathOf(account)}/reset`);
    expect([answer.status, answer.headers.get("location")]).toEqual([303, `${pathOf(account)}?done=reset`]);
    const link = await readLink(account.address, /password/i);
    const log = await database.query.select().from(auditEvents).where(eq(auditEvents.ownerId, account.id));
    const shown = await (await admin.browser.get(`${pathOf(account)}?done=reset`)).text();
    const secret = link.split("/").at(-1) ?? "";
    for (const text of [shown, JSON.stringify(log)]) expect(text).not.toContain(secret);
    expect(log.map(({ action }) => action)).toContain("user.reset-link");
    const browser = openBrowser();
    expect((await browser.post(link, { password: "short" })).status).toBe(422);
    const password = `${PASSWORD}-anew`;
    expect((await browser.post(link, { password })).status).toBe(303);
    expect(await before.isSignedIn()).toBe(false);
    expect((await browser.post("/login/password", { login: account.username, password })).status).toBe(303);
    expect((await openBrowser().post(link, { password })).status).toBe(410);
  });

  it("is refused with the reason where no link would do", async () => {
    const admin = await openAdmin();
    const [walletOnly, account] = [await createPerson(), await makeMailAccount()];
    const refused = async (person: { username: string }) => {
      const answer = await admin.browser.post(`${pathOf(person)}/reset`);
      return [answer.status, /role="alert">\s*✗ ([^<]+)/.exec(await answer.text())?.[1]];
    };
    expect(await refused(walletOnly)).toEqual([422, expect.stringContaining("no confirmed email address")]);
    await admin.browser.post(`${pathOf(account)}/suspend`, { reason: "x" });
    expect(await refused(account)).toEqual([422, expect.stringContaining("shut out")]);
    expect(await readMails(account.address)).toEqual([]);
  });
});

it("an admin ends somebody's sessions, and their tokens, each for itself and once", async () => {
  const [admin, person] = [await openAdmin(), await createPerson()];
  const browser = await openSignedIn(person.id);
  const hasApi = async () => (await send("/api/v3/user", { token: person.token })).status === 200;
  expect((await admin.browser.post(`${pathOf(person)}/end-sessions`)).status).toBe(303);
  expect([await browser.isSignedIn(), await hasApi()]).toEqual([false, true]);
  expect((await admin.browser.post(`${pathOf(person)}/end-sessions`)).status).toBe(422);
  expect((await admin.browser.post(`${pathOf(person)}/revoke-tokens`)).status).toBe(303);
  expect(await hasApi()).toBe(false);
  expect((await admin.browser.post(`${pathOf(person)}/revoke-tokens`)).status).toBe(422);
  expect((await readActions(person.id)).filter((action) => action.startsWith("user."))).toEqual([
    "user.sessions-end",
    "user.tokens-revoke",
  ]);
});

describe("the audit log", () => {
  it("lets nobody change or remove what it holds", async () => {
    const person = await createPerson();
    await openSignedIn(person.id);
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
    const browser = await openSignedIn(person.id);
    await openSignedIn(other.id);
    const page = await (await browser.get("/settings/security-log")).text();
    expect(page).toContain("session.open");
    expect(page).not.toContain(other.username);
    expect(await (await browser.get("/settings/security-log?action=nothing")).text()).toContain("No events");
    expect((await browser.get("/settings/security-log?since=yesterday")).status).toBe(400);
  });
});
