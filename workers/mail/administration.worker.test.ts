// Mail as admins see it: what waits and what was given up, tried again while it is of use, let go for good, never read.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { desc, eq, sql } from "drizzle-orm";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { auditEvents, users } from "../../schema/tables/auth.ts";
import { outbox } from "../../schema/tables/events.ts";
import { mails } from "../../schema/tables/mail.ts";
import { addEmail } from "../accounts/emails.ts";
import { app } from "../app.ts";
import { ANONYMOUS } from "../core/actor.ts";
import { parseEnv } from "../core/env.ts";
import { MAIL_ROUTE_KEPT_MS, MAIL_ROUTE_UNKNOWN_KEPT_MS } from "../core/limits.ts";
import { createLog } from "../core/log.ts";
import { orderEntryLink } from "../sign-in/email-links.ts";
import { register } from "../sign-in/register.ts";
import { type Browser, openBrowser } from "../testing/browser.ts";
import { createPerson, database } from "../testing/fixtures.ts";
import { newAddress } from "../testing/mail.ts";
import { countHashes, openSignedIn, PASSWORD } from "../testing/mail-account.ts";
import { retryMail } from "./administration.ts";
import { canMail, readMailRoute } from "./can-mail.ts";
import { sendMail } from "./consume-queue.ts";
import { seal } from "./seal.ts";
import { sweepMail } from "./service.ts";

const parsed = parseEnv(env);
let adminId: number;
let browser: Browser;

beforeAll(async () => {
  const person = await createPerson();
  adminId = person.id;
  await database.query.update(users).set({ isAdmin: true }).where(eq(users.id, adminId));
  browser = await openSignedIn(adminId);
});

/** A mail that was given up after its last attempt, and that nobody else works at. */
async function makeFailed(expiresAt = new Date(Date.now() + 60_000)) {
  const to = newAddress();
  const text = `/reset/${"s".repeat(43)}`;
  const order = JSON.stringify({ kind: "message", to, subject: "Subject", text });
  const sealed = await seal(parsed.gatewaySecret, order);
  const values = { sealed, expiresAt, state: "failed", attempts: 10, problem: "the gateway answered 503" };
  const [row] = await database.query.insert(mails).values(values).returning({ id: mails.id });
  if (!row) throw new Error("no mail");
  return { id: row.id, to, text };
}
/** An environment whose queue takes messages and does nothing with them. */
const withoutQueue = (own: typeof parsed): typeof parsed => ({
  ...own,
  deliveriesQueue: {
    ...own.deliveriesQueue,
    sendBatch: async () => ({ metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } }),
  },
});
const readRow = async (id: number) => (await database.query.select().from(mails).where(eq(mails.id, id)))[0];
const post = (id: number, verb: string) => browser.post(`/site-admin/mail/${id}/${verb}`);
const show = async (kind: string) => (await browser.get(`/site-admin/mail?show=${kind}&per_page=100`)).text();

async function readLastAct() {
  const [event] = await database.query
    .select()
    .from(auditEvents)
    .where(eq(auditEvents.actorId, adminId))
    .orderBy(desc(auditEvents.id))
    .limit(1);
  return event;
}

describe("a mail that was given up", () => {
  it("is shown with why, how often it was tried and till when it is of use, and without what it says", async () => {
    const { id, to, text } = await makeFailed();
    const page = await show("failed");
    const item = page.slice(page.indexOf(`mail ${id}<`), page.indexOf(`/mail/${id}/drop`));
    expect(item).toMatch(/10 attempts.+of use until.+the gateway answered 503/s);
    for (const secret of [to, text, "Subject"]) expect(page).not.toContain(secret);
    await post(id, "drop");
  });

  it("is tried again from the first attempt on, and recorded", async () => {
    const { id, to } = await makeFailed();
    // The event that tells of it is taken back, so that nobody else works at it.
    const told: unknown[] = [];
    const quiet: typeof database = {
      ...database,
      transaction: (work) =>
        database.transaction(async (transaction) => {
          const result = await work(transaction);
          const isTold = sql`${outbox.payload}->>'mailId' = ${String(id)}`;
          told.push(...(await transaction.delete(outbox).where(isTold).returning({ topic: outbox.topic })));
          return result;
        }),
    };
    const credential = { kind: "token" as const, tokenId: 0, scopes: ["admin"], repositoryIds: null };
    const actor = { kind: "user" as const, userId: adminId, username: "", isAdmin: true, credential };
    const origin = { address: "", userAgent: "", requestId: "" };
    await retryMail({ database: quiet, actor, origin }, id);
    expect(told).toEqual([{ topic: "mail.queued" }]);
    expect(await readLastAct()).toMatchObject({
      ...{ action: "site.mail-retry", targetKind: "mail", targetId: id },
    });
    expect(await readRow(id)).toMatchObject({ state: "queued", attempts: 0 });
    const given: string[] = [];
    await sendMail(
      {
        ...{ env: parsed, database, log: createLog({}) },
        deliver: async (mail) => {
          given.push(mail.to);
          return { end: "sent" };
        },
      },
      id,
    );
    expect(given).toEqual([to]);
    expect(await readRow(id)).toMatchObject({ state: "sent", sealed: null });
    expect((await post(id, "retry")).status).toBe(404);
    expect((await post(id, "drop")).status).toBe(404);
  });

  it("is tried again by a button of the page", async () => {
    const { id } = await makeFailed();
    const answer = await post(id, "retry");
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/site-admin/mail?done=retry"]);
    expect((await readRow(id))?.attempts).toBeLessThan(10);
    await post(id, "drop");
  });

  it("is let go once, and loses its text", async () => {
    const { id } = await makeFailed();
    expect([(await post(id, "drop")).status, (await post(id, "drop")).status]).toEqual([303, 404]);
    expect(await readRow(id)).toMatchObject({ state: "dropped", sealed: null });
    expect(await readLastAct()).toMatchObject({ action: "site.mail-drop", targetId: id });
    expect((await post(id, "retry")).status).toBe(404);
  });

  it("isn't tried again once it is of no use to anybody, and then loses its text", async () => {
    const { id } = await makeFailed(new Date(Date.now() - 1_000));
    expect((await post(id, "retry")).status).toBe(404);
    expect(await show("failed")).not.toContain(`/mail/${id}/retry`);
    await sweepMail(withoutQueue(parsed), database);
    expect(await readRow(id)).toMatchObject({ state: "failed", sealed: null });
  });
});

describe("where no mail can be sent", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  /** A Worker whose gateway says this of its mail; null when it is away. */
  function withGateway(mail: string | null) {
    const asked: string[] = [];
    const reach = globalThis.fetch;
    vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
      // The database is reached by it too.
      if (!url.startsWith(parsed.gatewayUrl)) return reach(url, init);
      asked.push(url);
      if (mail === null) throw new TypeError("nobody is there");
      return Response.json({ ok: true, mail });
    });
    return { asked, own: { ...parsed } };
  }

  it.each([
    ["smtp", true],
    ["folder", true],
    ["none", false],
    ["a new word", true],
    [null, true],
  ])("a gateway that says %s means that mail is possible: %s", async (mail, isPossible) => {
    expect(await canMail(withGateway(mail).own)).toBe(isPossible);
  });

  it("a provider of the Worker's own is enough, and nobody is asked", async () => {
    const { own, asked } = withGateway("none");
    const mailProvider = { url: "https://mail.test", key: "k", from: "a@b.test" };
    expect(await readMailRoute({ ...own, mailProvider })).toBe("provider");
    expect(asked).toEqual([]);
  });

  it.each([
    ["none", MAIL_ROUTE_KEPT_MS],
    [null, MAIL_ROUTE_UNKNOWN_KEPT_MS],
  ])("what the gateway says of it (%s) is asked anew after %d ms", async (mail, keptMs) => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { own, asked } = withGateway(mail);
    await readMailRoute(own);
    vi.setSystemTime(Date.now() + keptMs - 1);
    await readMailRoute(own);
    expect(asked).toHaveLength(1);
    vi.setSystemTime(Date.now() + 1);
    await readMailRoute(own);
    expect(asked).toHaveLength(2);
  });

  it("the clock says so in the log, once", async () => {
    const { own } = withGateway("none");
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    vi.useFakeTimers({ toFake: ["Date"] });
    const quiet = withoutQueue(own);
    await sweepMail(quiet, database);
    vi.setSystemTime(Date.now() + MAIL_ROUTE_KEPT_MS);
    await sweepMail(quiet, database);
    expect(lines.filter((line) => line.includes("no mail can be sent"))).toHaveLength(1);
    vi.restoreAllMocks();
  });

  it("nobody registers or asks for a link by mail: nothing is hashed, nothing written", async () => {
    const { own } = withGateway("none");
    const { derive, asked } = countHashes();
    const origin = { address: "", userAgent: "", requestId: "" };
    const refusing = new Proxy(database.transaction, {
      apply: () => {
        throw new Error("it wrote");
      },
    });
    const services = {
      env: own,
      database: { ...database, transaction: refusing },
      actor: ANONYMOUS,
      origin,
      derive,
    };
    const wanted = { username: "somebody-new", address: newAddress(), password: PASSWORD };
    expect(await register(services, wanted)).toMatchObject({ end: "closed" });
    expect(await orderEntryLink(services, "sign-in", "anybody")).toEqual({ end: "unavailable" });
    expect(await orderEntryLink(services, "reset", "anybody")).toEqual({ end: "unavailable" });
    expect(asked).toEqual([]);
    const credential = { kind: "token" as const, tokenId: 0, scopes: ["admin"], repositoryIds: null };
    const actor = { kind: "user" as const, userId: adminId, username: "", isAdmin: true, credential };
    const added = await addEmail({ ...services, actor }, newAddress());
    expect(added).toMatchObject({ end: "wrong", problem: expect.stringContaining("No mail can be sent") });
  });

  it("no page offers what needs mail, and the admins are told", async () => {
    withGateway("none");
    const bindings = { ...env };
    const ask = async (path: string, init: RequestInit = {}) => {
      const context = createExecutionContext();
      const request = new Request(`http://plue.test${path}`, { redirect: "manual", ...init });
      const answer = await app.fetch(request, bindings, context);
      await waitOnExecutionContext(context);
      return { status: answer.status, text: await answer.text() };
    };
    const post = (path: string) => {
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const body = `login=ada&username=ada&email=ada@example.com&password=${PASSWORD}`;
      return ask(path, { method: "POST", headers, body });
    };
    for (const path of ["/login", "/login/password", "/settings/profile"]) {
      const { text } = await ask(path);
      for (const offer of ["link by mail", "Forgotten?", 'href="/register"']) {
        expect(text, path).not.toContain(offer);
      }
      expect(text, path).toContain("No account is made by mail here");
    }
    expect([(await ask("/register")).status, (await post("/register")).status]).toEqual([403, 403]);
    for (const { status, text } of [await ask("/reset"), await post("/reset"), await post("/login/email")]) {
      expect([status, text]).toEqual([503, expect.stringContaining("No mail can be sent from here")]);
    }
    const headers = { cookie: browser.cookie() };
    for (const path of ["/site-admin", "/site-admin/mail"]) {
      expect((await ask(path, { headers })).text, path).toContain("<code>SMTP_URL</code>");
    }
  });

  it("while the gateway doesn't answer, the pages offer what they always do", async () => {
    const page = await (await openBrowser().get("/login")).text();
    expect(page).toContain("With a link by mail");
    expect(page).toContain('href="/register"');
  });
});
