// Invitations by email address: mailed, taken by who has the address or registers with it, and by nobody else.
import { env } from "cloudflare:test";
import { and, eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { auditEvents, emails, users } from "../../schema/tables/auth.ts";
import { collaborators, invitations } from "../../schema/tables/orgs.ts";
import { randomBase62 } from "../../schema/token.ts";
import { ANONYMOUS } from "../core/actor.ts";
import { parseEnv } from "../core/env.ts";
import { INVITATION_MAILS_PER_ADDRESS, INVITATION_MAILS_PER_INVITER } from "../core/limits.ts";
import { registerByInvitation } from "../sign-in/register-by-invitation.ts";
import { openBrowser } from "../testing/browser.ts";
import { createPerson, database, type Person } from "../testing/fixtures.ts";
import { newAddress, readLink, readMails } from "../testing/mail.ts";
import { countHashes, makeMailAccount, openSignedIn, PASSWORD } from "../testing/mail-account.ts";
import { ask, insist, makeOrganization, makeOrganizationRepository } from "../testing/organizations.ts";
import { withSettings } from "../testing/with-settings.ts";

const SUBJECT = /You are invited to/;
const newName = () => `n${randomBase62(10)}`;

const invite = (owner: Person, name: string, email: string, more: object = {}) =>
  ask(owner, "POST", `/orgs/${name}/invitations`, { email, ...more });
const listMembers = async (owner: Person, name: string) => {
  const members = await (await insist(owner, "GET", `/orgs/${name}/members`)).json<{ login: string }[]>();
  return members.map(({ login }) => login);
};
const listOpen = async (owner: Person, name: string) =>
  (await insist(owner, "GET", `/orgs/${name}/invitations?per_page=100`)).json<
    { id: number; email: string }[]
  >();

/** An organisation that has invited an address, and the path of the mailed link. */
async function makeInvited(address = newAddress(), more: object = {}) {
  const { name, owner } = await makeOrganization();
  const answer = await invite(owner, name, address, more);
  expect(answer.status).toBe(201);
  return { name, owner, address, answer, link: await readLink(address, SUBJECT) };
}

describe("an invitation to an address", () => {
  it("says who invites to what, and makes who registers by it a member with that address", async () => {
    const { name, owner, address, answer, link } = await makeInvited(newAddress(), { role: "admin" });
    // GitHub's Enterprise Server, whose schemas all else is checked by, invites nobody: this is api.github.com's shape.
    expect(await answer.json()).toEqual({
      ...{ id: expect.any(Number), node_id: expect.any(String), login: null, email: address, role: "admin" },
      ...{ created_at: expect.any(String), failed_at: null, failed_reason: null, team_count: 0 },
      inviter: expect.objectContaining({ login: owner.username }),
      invitation_teams_url: expect.stringContaining(`/orgs/${name}/invitations/`),
    });
    const [mail] = await readMails(address);
    expect(mail?.text).toContain(`${owner.username} invites you to`);
    const browser = openBrowser();
    const page = await browser.get(link);
    expect(page.headers.get("cache-control")).toBe("no-store");
    const text = await page.text();
    for (const word of [name, owner.username, "as owner", address]) expect(text).toContain(word);

    const weak = await browser.post(`${link}/register`, { username: newName(), password: "password" });
    const named = await browser.post(`${link}/register`, { username: owner.username, password: PASSWORD });
    expect([weak.status, named.status]).toEqual([422, 422]);
    const username = newName();
    const made = await browser.post(`${link}/register`, { username, password: PASSWORD });
    expect([made.status, made.headers.get("location")]).toEqual([303, `/${name}`]);
    expect(await browser.isSignedIn()).toBe(true);
    expect(await listMembers(owner, name)).toContain(username);
    const [email] = await database.query.select().from(emails).where(eq(emails.address, address));
    expect(email).toMatchObject({ isPrimary: true, verifiedAt: expect.any(Date) });
    expect((await openBrowser().get(link)).status).toBe(410);
    const [event] = await database.query
      .select({ name: auditEvents.targetName })
      .from(auditEvents)
      .where(
        and(eq(auditEvents.action, "organization.invitation-accept"), eq(auditEvents.targetName, username)),
      );
    expect(event).toEqual({ name: username });
  });

  it("is taken, or declined, by who has the address, by the link or their settings", async () => {
    const account = await makeMailAccount();
    const browser = await openSignedIn(account.id);
    const first = await makeInvited(account.address.toUpperCase().replace("@EXAMPLE.COM", "@example.com"));
    const accepted = await browser.post(first.link, { act: "accept" });
    expect(accepted.headers.get("location")).toBe(`/${first.name}`);
    expect(await listMembers(first.owner, first.name)).toContain(account.username);

    const second = await makeInvited(account.address);
    expect((await browser.post(second.link, { act: "decline" })).status).toBe(303);
    expect(await listMembers(second.owner, second.name)).not.toContain(account.username);

    const third = await makeInvited(account.address);
    expect(await (await browser.get("/settings/organizations")).text()).toContain(third.name);
    const [{ id } = { id: 0 }] = await listOpen(third.owner, third.name);
    const taken = await browser.post("/settings/organizations", {
      ...{ act: "accept", kind: "organization", id: String(id) },
    });
    expect(taken.status).toBe(303);
    expect(await listMembers(third.owner, third.name)).toContain(account.username);
  });

  it("isn't taken by the link alone, by another account, nor by one that only says to have the address", async () => {
    const { name, owner, address, link } = await makeInvited();
    const other = await createPerson();
    const browser = await openSignedIn(other.id);
    const [{ id } = { id: 0 }] = await listOpen(owner, name);
    for (const isClaimed of [false, true]) {
      if (isClaimed) await database.query.insert(emails).values({ userId: other.id, address });
      const page = await browser.get(link);
      expect(await page.text()).toContain(`signed in as ${other.username}`);
      expect((await browser.post(link, { act: "accept" })).status).toBe(403);
      const direct = { act: "accept", kind: "organization", id: String(id) };
      expect((await browser.post("/settings/organizations", direct)).status).toBe(422);
    }
    expect((await openBrowser().post(link, { act: "accept" })).status).not.toBe(303);
    expect(await listMembers(owner, name)).not.toContain(other.username);
    expect(await listOpen(owner, name)).toHaveLength(1);
  });

  it("makes one account of two who use its link at once", async () => {
    const { name, owner, link } = await makeInvited();
    const names = [newName(), newName()];
    const ends = await Promise.all(
      names.map((username) => openBrowser().post(`${link}/register`, { username, password: PASSWORD })),
    );
    expect(ends.map(({ status }) => status).sort()).toEqual([303, 410]);
    const members = await listMembers(owner, name);
    expect(names.filter((one) => members.includes(one))).toHaveLength(1);
    const made = await Promise.all(
      names.map((username) =>
        database.query.select({ id: users.id }).from(users).where(eq(users.username, username)),
      ),
    );
    expect(made.flat()).toHaveLength(1);
  });

  it("leads nowhere once it is withdrawn, expired, or mailed again", async () => {
    const { name, owner, address, link } = await makeInvited();
    const page = await openSignedIn(owner.id);
    const people = `/orgs/${name}/people`;
    const [{ id } = { id: 0 }] = await listOpen(owner, name);
    expect((await page.post(people, { act: "resend", id: String(id) })).status).toBe(303);
    const renewed = await readLink(address, SUBJECT);
    expect(renewed).not.toBe(link);
    const visitor = openBrowser();
    expect([(await visitor.get(link)).status, (await visitor.get(renewed)).status]).toEqual([410, 200]);
    const expire = (expiresAt: Date) =>
      database.query.update(invitations).set({ expiresAt }).where(eq(invitations.id, id));
    await expire(new Date(Date.now() - 1));
    const use = async () => visitor.post(`${renewed}/register`, { username: newName(), password: PASSWORD });
    expect((await use()).status).toBe(410);
    await expire(new Date(Date.now() + 60_000));
    await insist(owner, "DELETE", `/orgs/${name}/invitations/${id}`);
    expect((await use()).status).toBe(410);
  });

  it("tells its inviter nothing of who has the address", async () => {
    const { name, owner, member } = await makeOrganization();
    const [known, unknown] = [await makeMailAccount(), newAddress()];
    const memberAddress = newAddress();
    await database.query
      .insert(emails)
      .values({ userId: member.id, address: memberAddress, isPrimary: true, verifiedAt: new Date() });
    const answers = [];
    for (const email of [known.address, unknown, memberAddress]) {
      const answer = await invite(owner, name, email);
      const body = await answer.json<Record<string, unknown>>();
      answers.push({
        status: answer.status,
        ...body,
        id: 0,
        node_id: "",
        email: "",
        created_at: "",
        invitation_teams_url: "",
      });
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toEqual(answers[2]);
    const membership = await ask(owner, "GET", `/orgs/${name}/memberships/${known.username}`);
    expect(membership.status).toBe(404);
    const listed = JSON.stringify(await listOpen(owner, name));
    expect(listed).not.toContain(known.username);
    // The member is told the same, and stays what they are.
    const browser = await openSignedIn(member.id);
    const link = await readLink(memberAddress, SUBJECT);
    expect((await browser.post(link, { act: "accept" })).status).toBe(303);
  });

  it("is refused for what is no address, with an account besides, and to who doesn't own it", async () => {
    const { name, owner, member } = await makeOrganization();
    for (const email of ["", "nobody", "a@b@c", "a b@example.com", "a@example.com\r\nBcc: b@example.com"]) {
      expect((await invite(owner, name, email)).status).toBe(422);
    }
    expect((await invite(owner, name, newAddress(), { login: member.username })).status).toBe(422);
    expect((await invite(member, name, newAddress())).status).toBe(403);
    expect(await listOpen(owner, name)).toEqual([]);
  });

  it("is mailed so often to one address, and so often by one person", async () => {
    const address = newAddress();
    const { name, owner } = await makeOrganization();
    for (let count = 0; count < INVITATION_MAILS_PER_ADDRESS.requestsMax; count++) {
      expect((await invite(owner, name, address)).status).toBe(201);
    }
    const [{ id } = { id: 0 }] = await listOpen(owner, name);
    const browser = await openSignedIn(owner.id);
    const resent = await browser.post(`/orgs/${name}/people`, { act: "resend", id: String(id) });
    expect([resent.status, await resent.text()]).toEqual([422, expect.stringContaining("too many")]);
    const elsewhere = await makeOrganization();
    expect((await invite(elsewhere.owner, elsewhere.name, address.toUpperCase())).status).toBe(429);
    // The one that was refused for the address counts for its inviter.
    const left = INVITATION_MAILS_PER_INVITER.requestsMax - INVITATION_MAILS_PER_ADDRESS.requestsMax - 1;
    const rest = await Promise.all(Array.from({ length: left }, () => invite(owner, name, newAddress())));
    expect(new Set(rest.map(({ status }) => status))).toEqual(new Set([201]));
    const past = await invite(owner, name, newAddress());
    expect([past.status, past.headers.has("retry-after")]).toEqual([429, true]);
    // One invitation is left of those to the one address: each took the place of the one before.
    expect(await listOpen(owner, name)).toHaveLength(left + 1);
  });
});

describe("an invitation to a repository by address", () => {
  it("lets in who takes it with what was offered, and its owner keeps what they have", async () => {
    const { name, owner } = await makeOrganization({ default_repository_permission: "none" });
    const repository = await makeOrganizationRepository(owner, name, "private");
    const access = `/${name}/${repository.name}/settings/access`;
    const browser = await openSignedIn(owner.id);
    const address = newAddress();
    const posted = await browser.post(access, { act: "role", username: address, role: "write" });
    expect(posted.status).toBe(303);
    expect(await (await browser.get(access)).text()).toContain(address);
    const link = await readLink(address, SUBJECT);
    const visitor = openBrowser();
    expect(await (await visitor.get(link)).text()).toContain(`${name}/${repository.name}`);
    const username = newName();
    const made = await visitor.post(`${link}/register`, { username, password: PASSWORD });
    expect(made.headers.get("location")).toBe(`/${name}/${repository.name}`);
    expect((await visitor.get(`/${name}/${repository.name}`)).status).toBe(200);
    const rows = await database.query
      .select({ role: collaborators.role })
      .from(collaborators)
      .innerJoin(users, eq(users.id, collaborators.userId))
      .where(and(eq(collaborators.repositoryId, repository.id), eq(users.username, username)));
    expect(rows).toEqual([{ role: "write" }]);
  });
});

describe("registering by an invitation", () => {
  it.each([
    ["open", "made"],
    ["invited", "made"],
    ["closed", "wrong"],
  ] as const)("where registration is %s is %s", async (registration, end) => {
    const { link } = await makeInvited();
    const { derive } = countHashes();
    await withSettings({ registration }, async (changed) => {
      const services = { env: parseEnv(env), database: changed, actor: ANONYMOUS, derive };
      const origin = { address: "", userAgent: "", requestId: "" };
      const secret = link.split("/").at(-1) ?? "";
      const wanted = { username: newName(), password: PASSWORD };
      expect(await registerByInvitation({ ...services, origin }, secret, wanted)).toMatchObject({ end });
    });
  });
});
