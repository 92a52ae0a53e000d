// The end of an account: what goes, what stays, what keeps it, and that nobody else gets its name or its pushes.
import { env } from "cloudflare:test";
import { and, eq, ne, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import {
  accessTokens,
  auditEvents,
  authSessions,
  emails,
  passkeys,
  reservedNames,
  sshKeys,
  users,
  wallets,
} from "../../schema/tables/auth.ts";
import { refOperations, repositories } from "../../schema/tables/git.ts";
import { collaborators, invitations, organizationMembers } from "../../schema/tables/orgs.ts";
import { workflowRuns } from "../../schema/tables/runs.ts";
import { randomBase62 } from "../../schema/token.ts";
import type { UserActor } from "../core/actor.ts";
import { parseEnv } from "../core/env.ts";
import { REPOSITORIES_DELETED_ALONG_MAX } from "../core/limits.ts";
import { findTakenName, sweepReservedNames } from "../repos/owner-names.ts";
import { openBrowser } from "../testing/browser.ts";
import {
  createPerson,
  database,
  giveToken,
  makeRepository,
  makeRun,
  type Person,
  send,
} from "../testing/fixtures.ts";
import { readLink, readMails } from "../testing/mail.ts";
import { makeMailAccount, openSignedIn, PASSWORD, readActions } from "../testing/mail-account.ts";
import { ask, insist, join, makeOrganization, makeOrganizationRepository } from "../testing/organizations.ts";
import { deleteAccount } from "./delete-account.ts";

const ORIGIN = { address: "", userAgent: "", requestId: "" };
const PATH = "/settings/account/delete";
const actorOf = ({ id, username }: { id: number; username: string }): UserActor => ({
  ...{ kind: "user", userId: id, username, isAdmin: false },
  credential: { kind: "session", sessionId: 0, csrfToken: "", provedAt: new Date() },
});
const servicesOf = (person: { id: number; username: string }) => ({
  ...{ env: parseEnv(env), database, actor: actorOf(person), origin: ORIGIN },
});
const isThere = async ({ id }: { id: number }) =>
  (await database.query.select({ id: users.id }).from(users).where(eq(users.id, id))).length === 1;
const basic = (token: string) => ({ authorization: `Basic ${btoa(`x:${token}`)}` });
const askGit = (path: string, token: string) =>
  send(`${path}.git/info/refs?service=git-upload-pack`, { headers: basic(token) });

/** Somebody with one of everything, who works in an organisation's repository. */
async function makeBusyPerson() {
  const { name, owner } = await makeOrganization({ default_repository_permission: "none" });
  const account = await makeMailAccount();
  const userId = account.id;
  const address = `0x${crypto.randomUUID().replaceAll("-", "")}01234567`;
  await database.query.insert(wallets).values({ userId, address });
  await database.query.insert(passkeys).values({
    ...{ userId, name: "key", credentialId: randomBase62(20), publicKey: "AA", transports: [] },
    ...{ isBackupEligible: false, isBackedUp: false },
  });
  await database.query.insert(sshKeys).values({
    userId,
    title: "key",
    publicKey: "ssh-ed25519 AAAA",
    fingerprint: `SHA256:${randomBase62(20)}`,
  });
  return { name, owner, account, wallet: address };
}

describe("an account that is deleted", () => {
  it("is out of pages, API and git at once, and leaves to others what it made with them", async () => {
    const { name, owner, account, wallet } = await makeBusyPerson();
    const person: Person = { ...account, token: await giveToken(account.id, ["admin"]) };
    await join(owner, name, person);
    const repository = await makeOrganizationRepository(owner, name, "private");
    await database.query
      .insert(collaborators)
      .values({ repositoryId: repository.id, userId: person.id, role: "admin" });
    const path = `/${name}/${repository.name}`;
    const key = await insistDeployKey(person, `/repos${path}`);
    const run = await makeRun(
      person,
      repository.id,
      "on: push\njobs:\n  a:\n    steps:\n      - run: true\n",
    );
    await database.query
      .insert(refOperations)
      .values({ repositoryId: repository.id, actorId: person.id, kind: "push", changes: [] });
    const other = await makeOrganization();
    await insist(other.owner, "POST", `/orgs/${other.name}/invitations`, { login: person.username });
    const elsewhere = await openSignedIn(person.id);
    const browser = await openSignedIn(person.id);
    expect((await askGit(path, person.token)).status).toBe(200);

    const gone = await browser.post(PATH, { confirmation: person.username });
    expect(gone.status).toBe(303);
    expect(gone.headers.get("set-cookie")).toMatch(/^plue=;/);

    expect(await elsewhere.isSignedIn()).toBe(false);
    expect((await ask(person, "GET", "/user")).status).toBe(401);
    expect((await askGit(path, person.token)).status).toBe(401);
    expect((await send(`/${person.username}`)).status).toBe(404);
    expect((await askGit(path, key)).status).toBe(200);
    const left = await Promise.all(
      [authSessions, accessTokens, wallets, passkeys, sshKeys, emails].map((table) =>
        database.query.select({ id: table.id }).from(table).where(eq(table.userId, person.id)),
      ),
    );
    expect(left.flat()).toEqual([]);
    expect(
      await database.query
        .select({ by: invitations.inviteeId })
        .from(invitations)
        .where(eq(invitations.inviteeId, person.id)),
    ).toEqual([]);
    expect(
      await database.query
        .select({ by: workflowRuns.actorId })
        .from(workflowRuns)
        .where(eq(workflowRuns.id, run.id)),
    ).toEqual([{ by: null }]);
    expect(await readActions(person.id)).toContain("account.delete");
    const [tombstone] = await database.query
      .select({ target: auditEvents.targetName, actor: auditEvents.actorName })
      .from(auditEvents)
      .where(and(eq(auditEvents.ownerId, person.id), eq(auditEvents.action, "account.delete")));
    expect(tombstone).toEqual({ target: person.username, actor: person.username });
    const log = await insist(owner, "GET", `/orgs/${name}/members`);
    expect(JSON.stringify(await log.json())).not.toContain(person.username);
    // Nothing but the unique index keeps a wallet from others.
    const next = await createPerson();
    await database.query.insert(wallets).values({ userId: next.id, address: wallet });
    await registerWith(account.address);
  });

  it("takes the repositories along that its owner was shown and agreed to lose, and no others", async () => {
    const person = await createPerson();
    const shown = await makeRepository(person);
    const browser = await openSignedIn(person.id);
    const page = await (await browser.get("/settings/account")).text();
    expect(page).toContain(`>${shown.name}</a>`);
    const agree = { confirmation: person.username, with_repositories: "yes", repositories: `${shown.id}` };
    const refused = await browser.post(PATH, { confirmation: person.username, repositories: `${shown.id}` });
    expect([refused.status, await refused.text()]).toEqual([
      422,
      expect.stringContaining("You own repositories"),
    ]);
    const late = await makeRepository(person);
    const unseen = await browser.post(PATH, agree);
    expect([unseen.status, await unseen.text()]).toEqual([422, expect.stringContaining("Look again")]);
    expect(await isThere(person)).toBe(true);
    const both = { ...agree, repositories: `${shown.id},${late.id}` };
    const gone = await browser.post(PATH, both);
    expect([gone.status, gone.headers.get("location")]).toEqual([303, "/login/deleted"]);
    expect(await (await browser.get("/login/deleted")).text()).toContain("Your account is deleted");
    const owned = eq(repositories.ownerId, person.id);
    expect(await database.query.select({ id: repositories.id }).from(repositories).where(owned)).toEqual([]);
    expect((await readActions(person.id)).filter((action) => action === "repository.delete")).toHaveLength(2);
  });

  it("takes at most so many along", async () => {
    const fill = async (count: number) => {
      const person = await createPerson();
      const rows = Array.from({ length: count }, (_, at) => ({ ownerId: person.id, name: `r${at}` }));
      const made = await database.query.insert(repositories).values(rows).returning({ id: repositories.id });
      const wanted = { confirmation: person.username, repositoryIds: made.map(({ id }) => id) };
      return { person, wanted };
    };
    const tooMuch = await fill(REPOSITORIES_DELETED_ALONG_MAX + 1);
    await expect(deleteAccount(servicesOf(tooMuch.person), tooMuch.wanted)).rejects.toMatchObject({
      code: "conflict",
    });
    const enough = await fill(REPOSITORIES_DELETED_ALONG_MAX);
    await deleteAccount(servicesOf(enough.person), enough.wanted);
    expect([await isThere(tooMuch.person), await isThere(enough.person)]).toEqual([true, false]);
  });
});

describe("what keeps an account", () => {
  it("is another name, or a proof that isn't recent", async () => {
    const person = await createPerson();
    const browser = await openSignedIn(person.id);
    const mistyped = await browser.post(PATH, { confirmation: person.username.slice(1) });
    expect([mistyped.status, await mistyped.text()]).toEqual([
      422,
      expect.stringContaining(`Type ${person.username}`),
    ]);
    await database.query
      .update(authSessions)
      .set({ provedAt: new Date(Date.now() - 2 * 60 * 60_000) })
      .where(eq(authSessions.userId, person.id));
    const stale = await browser.post(PATH, { confirmation: person.username });
    expect(stale.headers.get("location")).toMatch(/^\/login\/confirm\?/);
    expect(await isThere(person)).toBe(true);
  });

  it("is being an organisation's only owner, for those who can act", async () => {
    const { name, owner, member } = await makeOrganization();
    const wanted = { confirmation: owner.username, repositoryIds: [] };
    await expect(deleteAccount(servicesOf(owner), wanted)).rejects.toMatchObject({
      ...{ code: "conflict", message: expect.stringContaining(name) },
    });
    await insist(owner, "PUT", `/orgs/${name}/memberships/${member.username}`, { role: "admin" });
    const suspend = (suspendedAt: Date | null) =>
      database.query.update(users).set({ suspendedAt }).where(eq(users.id, member.id));
    await suspend(new Date());
    await expect(deleteAccount(servicesOf(owner), wanted)).rejects.toMatchObject({ code: "conflict" });
    await suspend(null);
    await deleteAccount(servicesOf(owner), wanted);
    expect(await isThere(owner)).toBe(false);
  });

  it("is the other one's going, when an organisation's two owners go at once", async () => {
    const { name, owner, member } = await makeOrganization();
    await insist(owner, "PUT", `/orgs/${name}/memberships/${member.username}`, { role: "admin" });
    const ends = await Promise.allSettled(
      [owner, member].map((one) =>
        deleteAccount(servicesOf(one), { confirmation: one.username, repositoryIds: [] }),
      ),
    );
    expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const [left] = await database.query
      .select({ total: sql<number>`count(*)::int` })
      .from(organizationMembers)
      .innerJoin(users, and(eq(users.username, name), eq(users.id, organizationMembers.organizationId)));
    expect(left?.total).toBe(1);
  });

  it("is being the only admin of the site", async () => {
    const [admin, other] = [await createPerson(), await createPerson()];
    const promote = (isAdmin: boolean, id: number) =>
      database.query.update(users).set({ isAdmin }).where(eq(users.id, id));
    await promote(true, admin.id);
    const wanted = { confirmation: admin.username, repositoryIds: [] };
    // The others of the database are no admins within this transaction, which is undone by the refusal.
    const alone: typeof database = {
      ...database,
      transaction: (work) =>
        database.transaction(async (transaction) => {
          await transaction
            .update(users)
            .set({ isAdmin: false })
            .where(and(users.isAdmin, ne(users.id, admin.id)));
          return work(transaction);
        }),
    };
    await expect(deleteAccount({ ...servicesOf(admin), database: alone }, wanted)).rejects.toMatchObject({
      ...{ code: "conflict", message: expect.stringContaining("only admin") },
    });
    await promote(true, other.id);
    await deleteAccount(servicesOf(admin), wanted);
    expect(await isThere(admin)).toBe(false);
    await promote(false, other.id);
  });
});

describe("the name of a deleted account", () => {
  it("is nobody's for a time, with the names that led to its repositories", async () => {
    const person = await createPerson();
    const former = person.username;
    const repository = await makeRepository(person);
    const browser = await openSignedIn(person.id);
    const username = `n${randomBase62(10)}`;
    expect((await browser.post("/settings/username", { username })).status).toBe(303);
    await deleteAccount(servicesOf({ id: person.id, username }), {
      ...{ confirmation: username, repositoryIds: [repository.id] },
    });
    for (const name of [username.toUpperCase(), former]) {
      expect(await findTakenName(database.query, name)).toBe("taken");
      const somebody = await createPerson();
      expect((await ask(somebody, "POST", "/orgs", { login: name })).status).toBe(422);
    }
    await database.query
      .update(reservedNames)
      .set({ expiresAt: new Date() })
      .where(eq(reservedNames.name, username));
    expect(await findTakenName(database.query, username)).toBeUndefined();
    await sweepReservedNames(database);
    const kept = await database.query.select({ name: reservedNames.name }).from(reservedNames);
    expect(kept.map(({ name }) => name)).toEqual(expect.arrayContaining([former.toLowerCase()]));
    expect(kept.map(({ name }) => name)).not.toContain(username);
  });

  it("is kept of a deleted organisation too", async () => {
    const { name, owner } = await makeOrganization();
    const browser = await openSignedIn(owner.id);
    const prove = (provedAt: Date) =>
      database.query.update(authSessions).set({ provedAt }).where(eq(authSessions.userId, owner.id));
    await prove(new Date(Date.now() - 2 * 60 * 60_000));
    for (const act of ["rename", "delete"]) {
      const asked = await browser.post(`/orgs/${name}/settings`, { act, confirmation: name, login: "other" });
      expect(asked.headers.get("location")).toMatch(/^\/login\/confirm\?/);
    }
    await prove(new Date());
    const gone = await browser.post(`/orgs/${name}/settings`, { act: "delete", confirmation: name });
    expect(gone.status).toBe(303);
    expect(await findTakenName(database.query, name)).toBe("taken");
  });
});

async function insistDeployKey(person: Person, path: string): Promise<string> {
  const answer = await insist(person, "POST", `${path}/keys`, { title: "robot", read_only: true });
  return (await answer.json<{ token: string }>()).token;
}

/** Registers a new account with an address that was an account's. */
async function registerWith(address: string): Promise<void> {
  const mails = await readMails(address);
  expect(mails.map(({ subject }) => subject)).toContain("Your Plue account was deleted");
  const browser = openBrowser();
  const username = `n${randomBase62(10)}`;
  const asked = await browser.post("/register", { username, email: address, password: PASSWORD });
  expect(asked.status).toBe(303);
  const link = await readLink(address, /Make your Plue account/);
  expect((await browser.post(link, { username })).status).toBe(303);
  expect(await browser.isSignedIn()).toBe(true);
}
