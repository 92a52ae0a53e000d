// One's own addresses: whose they become and when, and that a change takes both addresses.
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { authSessions, emails, users } from "../../schema/tables/auth.ts";
import { repositoryRedirects } from "../../schema/tables/git.ts";
import { randomBase62 } from "../../schema/token.ts";
import { EMAILS_PER_ACCOUNT_MAX } from "../core/limits.ts";
import { type Browser, openBrowser } from "../testing/browser.ts";
import { createPerson, database, makeRepository } from "../testing/fixtures.ts";
import { newAddress, readLink, readMails } from "../testing/mail.ts";
import {
  type MailAccount,
  makeMailAccount,
  openSignedIn,
  readActions,
  signInByForm,
} from "../testing/mail-account.ts";

async function listOwn(userId: number) {
  const rows = await database.query.select().from(emails).where(eq(emails.userId, userId)).orderBy(emails.id);
  return rows.map(({ id, address, isPrimary, isPublic, verifiedAt }) => ({
    ...{ id, address, isPrimary, isPublic, isVerified: verifiedAt !== null },
  }));
}

async function add(browser: Browser, address: string): Promise<string> {
  expect((await browser.post("/settings/emails", { email: address })).status).toBe(303);
  return readLink(address, /Is this address yours/);
}

/** An account with a second, verified address. */
async function makeWithTwo(): Promise<{ account: MailAccount; browser: Browser; second: string }> {
  const account = await makeMailAccount();
  const browser = await openSignedIn(account.id);
  const second = newAddress();
  expect((await browser.post(await add(browser, second))).status).toBe(303);
  return { account, browser, second };
}

describe("an address", () => {
  it("is the account's once its link is taken by who is signed in to it, and opens it from then on", async () => {
    const account = await makeMailAccount();
    const browser = await openSignedIn(account.id);
    const address = newAddress();
    const link = await add(browser, address);
    await expect(signInByForm(address)).rejects.toThrow("422");
    const stranger = await openSignedIn((await makeMailAccount()).id);
    expect((await stranger.get(link)).status).toBe(403);
    expect((await stranger.post(link)).status).toBe(410);
    expect((await openBrowser().post(link)).status).toBe(401);
    expect((await browser.post(link)).status).toBe(303);
    expect((await listOwn(account.id))[1]).toMatchObject({ address, isVerified: true, isPrimary: false });
    await signInByForm(address);
    expect(await readActions(account.id)).toEqual(expect.arrayContaining(["email.add", "email.verify"]));
  });

  it("that another account has isn't given away, and its owner alone is told", async () => {
    const [owner, other] = [await makeMailAccount(), await makeMailAccount()];
    const browser = await openSignedIn(other.id);
    const answer = await browser.post("/settings/emails", { email: owner.address });
    expect(answer.headers.get("location")).toBe("/settings/emails?done=added");
    const [mail] = await readMails(owner.address);
    expect(mail?.subject).toBe("This address is yours already");
    expect(mail?.text).not.toMatch(/[0-9A-Za-z]{43}/);
  });

  it("belongs to one of two accounts who both claim it, the one that takes its link first", async () => {
    const address = newAddress();
    const accounts = [await makeMailAccount(), await makeMailAccount()];
    const claims: { browser: Browser; link: string }[] = [];
    for (const { id } of accounts) {
      const browser = await openSignedIn(id);
      claims.push({ browser, link: await add(browser, address) });
    }
    expect(claims[0]?.link).not.toBe(claims[1]?.link);
    const answers = await Promise.all(claims.map(({ browser, link }) => browser.post(link)));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 410]);
  });

  it("comes to as many as an account may have, and none more, nor twice", async () => {
    const account = await makeMailAccount();
    const browser = await openSignedIn(account.id);
    for (let count = 1; count < EMAILS_PER_ACCOUNT_MAX; count++) await add(browser, newAddress());
    for (const email of [
      newAddress(),
      account.address.toUpperCase(),
      "nobody",
      "a@b.test\r\nBcc: c@d.test",
    ]) {
      expect((await browser.post("/settings/emails", { email })).status, email).toBe(422);
    }
    expect(await listOwn(account.id)).toHaveLength(EMAILS_PER_ACCOUNT_MAX);
  });

  it("is made primary, shown, hidden and removed, but not the primary one", async () => {
    const { account, browser, second } = await makeWithTwo();
    const [one, two] = await listOwn(account.id);
    const act = async (id: number | undefined, word: string) =>
      (await browser.post(`/settings/emails/${id}/${word}`)).status;
    expect(await act(one?.id, "remove")).toBe(422);
    expect(await act(two?.id, "primary")).toBe(303);
    expect((await readMails(account.address)).at(-1)?.text).toContain(second);
    expect(await act(two?.id, "show")).toBe(303);
    expect((await listOwn(account.id))[1]).toMatchObject({ isPrimary: true, isPublic: true });
    expect(await act(two?.id, "hide")).toBe(303);
    expect(await act(one?.id, "remove")).toBe(303);
    expect(await listOwn(account.id)).toMatchObject([{ address: second, isPublic: false }]);
    const stranger = await openSignedIn((await makeMailAccount()).id);
    for (const word of ["remove", "primary", "show", "resend"]) {
      expect((await stranger.post(`/settings/emails/${two?.id}/${word}`)).status).toBe(404);
    }
    expect(await readActions(account.id)).toEqual(expect.arrayContaining(["email.primary", "email.remove"]));
  });

  it("changes only after a proof of the last hour", async () => {
    const { account, browser } = await makeWithTwo();
    await database.query
      .update(authSessions)
      .set({ provedAt: new Date(Date.now() - 2 * 60 * 60_000) })
      .where(eq(authSessions.userId, account.id));
    const [, two] = await listOwn(account.id);
    for (const path of [
      "/settings/emails",
      "/settings/emails/change",
      `/settings/emails/${two?.id}/primary`,
      `/settings/emails/${two?.id}/remove`,
      "/settings/username",
    ]) {
      const answer = await browser.post(path, { email: newAddress(), username: `u${randomBase62(12)}` });
      expect(answer.headers.get("location"), path).toMatch(/^\/login\/confirm\?return_to=/);
    }
    expect(await listOwn(account.id)).toHaveLength(2);
  });
});

describe("a change of address", () => {
  async function order() {
    const account = await makeMailAccount();
    const browser = await openSignedIn(account.id);
    const to = newAddress();
    expect((await browser.post("/settings/emails/change", { email: to })).status).toBe(303);
    const links = [
      await readLink(account.address, /Give up this address/),
      await readLink(to, /Is this address yours/),
    ] as const;
    return { account, browser, to, links };
  }

  it.each([0, 1] as const)("is done when both have agreed, whichever is first (%i)", async (first) => {
    const { account, browser, to, links } = await order();
    const half = await browser.post(links[first]);
    expect(half.headers.get("location")).toBe("/settings/emails?done=half");
    expect(await listOwn(account.id)).toMatchObject([{ address: account.address, isPrimary: true }]);
    expect((await browser.post(links[first])).status).toBe(410);
    const done = await browser.post(links[1 - first] ?? "");
    expect(done.headers.get("location")).toBe("/settings/emails?done=changed");
    expect(await listOwn(account.id)).toMatchObject([{ address: to, isPrimary: true, isVerified: true }]);
    expect(await readActions(account.id)).toContain("email.change");
    expect((await readMails(account.address)).at(-1)?.subject).toMatch(/address of your account was changed/);
  });

  it("is done once when both agree at the same moment", async () => {
    const { account, browser, to, links } = await order();
    const other = openBrowser(browser.cookie());
    const answers = await Promise.all([browser.post(links[0]), other.post(links[1])]);
    expect(answers.map(({ headers }) => headers.get("location")).sort()).toEqual([
      "/settings/emails?done=changed",
      "/settings/emails?done=half",
    ]);
    expect(await listOwn(account.id)).toMatchObject([{ address: to, isPrimary: true }]);
  });

  it("to an address that another account has meanwhile changes nothing", async () => {
    const { account, browser, to, links } = await order();
    await browser.post(links[0]);
    const other = await makeMailAccount();
    await database.query.insert(emails).values({ userId: other.id, address: to, verifiedAt: new Date() });
    expect((await browser.post(links[1])).status).toBe(410);
    expect(await listOwn(account.id)).toMatchObject([{ address: account.address, isPrimary: true }]);
  });
});

describe("a username", () => {
  it("changes with its repositories' addresses kept, and stays its former owner's while they lead on", async () => {
    const account = await makeMailAccount();
    const repository = await makeRepository({ ...account, token: "" });
    const browser = await openSignedIn(account.id);
    const name = `u${randomBase62(12)}`;
    for (const wrong of ["admin", "a--b", (await createPerson()).username.toUpperCase(), account.username]) {
      const answer = await browser.post("/settings/username", { username: wrong });
      expect(answer.status, wrong).toBe(422);
    }
    expect((await browser.post("/settings/username", { username: name })).status).toBe(303);
    const [row] = await database.query.select().from(users).where(eq(users.id, account.id));
    expect(row?.username).toBe(name);
    const redirects = await database.query
      .select()
      .from(repositoryRedirects)
      .where(eq(repositoryRedirects.repositoryId, repository.id));
    expect(redirects).toMatchObject([{ owner: account.username, name: repository.name }]);
    const other = await openSignedIn((await makeMailAccount()).id);
    expect((await other.post("/settings/username", { username: account.username })).status).toBe(422);
    expect((await browser.post("/settings/username", { username: account.username })).status).toBe(303);
    expect(await readActions(account.id)).toContain("username.change");
  });
});
