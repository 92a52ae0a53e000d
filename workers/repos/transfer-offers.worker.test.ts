// A repository offered to another person: seen by both, taken once, by who it was offered to, while its giver may give it.
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { emails, users } from "../../schema/tables/auth.ts";
import { repositories } from "../../schema/tables/git.ts";
import { collaborators } from "../../schema/tables/orgs.ts";
import { repositoryTransfers } from "../../schema/tables/transfers.ts";
import { randomBase62 } from "../../schema/token.ts";
import { TRANSFERS_PER_REQUESTER } from "../core/limits.ts";
import { type Browser, openBrowser } from "../testing/browser.ts";
import { createPerson, database, makeRepository, type Person } from "../testing/fixtures.ts";
import { expectGithubShape } from "../testing/github-shape.ts";
import { newAddress, readMails } from "../testing/mail.ts";
import { openSignedIn, readActions } from "../testing/mail-account.ts";
import { ask, insist, makeOrganization, makeOrganizationRepository } from "../testing/organizations.ts";
import { sweepOffers } from "./transfer-offers.ts";

const PAGE = "/settings/transfers";

async function makeOffer(newName?: string) {
  const [giver, taker] = [await createPerson(), await createPerson()];
  const repository = await makeRepository(giver, true);
  const path = `/repos/${giver.username}/${repository.name}`;
  const body = { new_owner: taker.username, ...(newName === undefined ? {} : { new_name: newName }) };
  const asked = await ask(giver, "POST", `${path}/transfer`, body);
  expect(asked.status).toBe(202);
  return { giver, taker, repository, path, asked };
}

const findOfferId = async (repositoryId: number) => {
  const [row] = await database.query
    .select({ id: repositoryTransfers.id })
    .from(repositoryTransfers)
    .where(eq(repositoryTransfers.repositoryId, repositoryId));
  return row?.id ?? 0;
};
const ownerOf = async (repositoryId: number) => {
  const [row] = await database.query
    .select({ ownerId: repositories.ownerId, name: repositories.name })
    .from(repositories)
    .where(eq(repositories.id, repositoryId));
  return row;
};
const answer = async (browser: Browser, act: string, repositoryId: number, id?: number) =>
  browser.post(PAGE, { act, id: String(id ?? (await findOfferId(repositoryId))) });
const statusOf = async (person: Person, method: string, path: string) =>
  (await ask(person, method, path)).status;

describe("a repository on offer", () => {
  it("stays where it is, in GitHub's shape, until the person it is offered to accepts", async () => {
    const { giver, taker, repository, path, asked } = await makeOffer("tools");
    expect(await expectGithubShape("POST", "/repos/{owner}/{repo}/transfer", asked)).toMatchObject({
      owner: { login: giver.username },
    });
    const other = await createPerson();
    await database.query.insert(collaborators).values([
      { repositoryId: repository.id, userId: other.id, role: "write" },
      { repositoryId: repository.id, userId: taker.id, role: "read" },
    ]);
    const browser = await openSignedIn(taker.id);
    const page = await (await browser.get(PAGE)).text();
    expect(page).toContain(`${giver.username}/${repository.name}`);
    expect((await ownerOf(repository.id))?.ownerId).toBe(giver.id);

    const taken = await answer(browser, "accept", repository.id);
    expect(taken.headers.get("location")).toBe(`/${taker.username}/tools/settings?done=accept`);
    expect(await ownerOf(repository.id)).toEqual({ ownerId: taker.id, name: "tools" });
    const led = await ask(giver, "GET", path);
    expect([led.status, led.headers.get("location")]).toEqual([301, `/api/v3/repos/${taker.username}/tools`]);
    const roles = await database.query
      .select({ userId: collaborators.userId, role: collaborators.role })
      .from(collaborators)
      .where(eq(collaborators.repositoryId, repository.id));
    expect(roles).toHaveLength(2);
    expect(roles).toEqual(
      expect.arrayContaining([
        { userId: giver.id, role: "admin" },
        { userId: other.id, role: "write" },
      ]),
    );
    for (const { id } of [giver, taker]) expect(await readActions(id)).toContain("repository.transfer");
    expect(await readActions(giver.id)).toContain("repository.transfer-offer");
  });

  it("is told to its recipient by mail, and to nobody else by page or answer", async () => {
    const [giver, taker, stranger] = [await createPerson(), await createPerson(), await createPerson()];
    const address = newAddress();
    await database.query
      .insert(emails)
      .values({ userId: taker.id, address, isPrimary: true, verifiedAt: new Date() });
    const repository = await makeRepository(giver, true);
    const path = `/repos/${giver.username}/${repository.name}`;
    await insist(giver, "POST", `${path}/transfer`, { new_owner: taker.username });
    const mails = await readMails(address);
    expect(mails.at(-1)?.text).toContain(`http://plue.test/${giver.username}/${repository.name}`);
    const strange = await openSignedIn(stranger.id);
    expect(await (await strange.get(PAGE)).text()).not.toContain(repository.name);
    for (const act of ["accept", "decline", "cancel"]) {
      const refused = await answer(strange, act, repository.id);
      expect([404, 422]).toContain(refused.status);
    }
    expect((await openBrowser().post(PAGE, { act: "accept", id: "1" })).status).not.toBe(200);
    // Not even the recipient sees what is in it before it is theirs.
    expect(await statusOf(taker, "GET", path)).toBe(404);
    expect((await ownerOf(repository.id))?.ownerId).toBe(giver.id);
  });

  it("is declined, or taken back, and then can't be taken", async () => {
    for (const [who, act] of [
      ["taker", "decline"],
      ["giver", "cancel"],
    ] as const) {
      const offer = await makeOffer();
      const id = await findOfferId(offer.repository.id);
      const ended = await answer(await openSignedIn(offer[who].id), act, offer.repository.id);
      expect(ended.status).toBe(303);
      const late = await answer(await openSignedIn(offer.taker.id), "accept", offer.repository.id, id);
      expect(late.status).toBe(422);
      expect((await ownerOf(offer.repository.id))?.ownerId).toBe(offer.giver.id);
      expect(await readActions(offer.giver.id)).toContain(`repository.transfer-${act}`);
    }
  });

  it("is taken back on the repository's own settings", async () => {
    const { giver, taker, repository } = await makeOffer();
    const browser = await openSignedIn(giver.id);
    const settings = `/${giver.username}/${repository.name}/settings`;
    expect(await (await browser.get(settings)).text()).toContain(`on offer to ${taker.username}`);
    const id = String(await findOfferId(repository.id));
    const other = await makeOffer();
    const wrong = String(await findOfferId(other.repository.id));
    expect((await browser.post(settings, { act: "take-back", id: wrong })).status).toBe(422);
    expect((await browser.post(settings, { act: "take-back", id })).status).toBe(303);
    expect(await findOfferId(repository.id)).toBe(0);
    expect(await findOfferId(other.repository.id)).not.toBe(0);
  });

  it("is offered to one at a time, and ends by itself", async () => {
    const { giver, taker, repository, path } = await makeOffer();
    const next = await createPerson();
    const again = { new_owner: next.username };
    expect((await ask(giver, "POST", `${path}/transfer`, again)).status).toBe(422);
    const expire = () =>
      database.query
        .update(repositoryTransfers)
        .set({ expiresAt: new Date() })
        .where(eq(repositoryTransfers.repositoryId, repository.id));
    await expire();
    expect((await answer(await openSignedIn(taker.id), "accept", repository.id)).status).toBe(422);
    await insist(giver, "POST", `${path}/transfer`, again);
    await expire();
    await sweepOffers(database);
    expect(await findOfferId(repository.id)).toBe(0);
  });

  it("is taken by one of two answers at once", async () => {
    const { giver, taker, repository } = await makeOffer();
    const id = await findOfferId(repository.id);
    const browsers = [await openSignedIn(taker.id), await openSignedIn(giver.id)];
    const [taken, cancelled] = await Promise.all([
      answer(browsers[0] ?? openBrowser(), "accept", repository.id, id),
      answer(browsers[1] ?? openBrowser(), "cancel", repository.id, id),
    ]);
    expect([taken?.status, cancelled?.status].sort()).toEqual([303, 422]);
    const owner = (await ownerOf(repository.id))?.ownerId;
    expect(owner).toBe(taken?.status === 303 ? taker.id : giver.id);
  });
});

describe("an offer that can't be kept", () => {
  it("is refused while its recipient has a repository of that name, and stays open", async () => {
    const { giver, taker, repository } = await makeOffer();
    await insist(taker, "POST", "/user/repos", { name: repository.name });
    const browser = await openSignedIn(taker.id);
    const refused = await answer(browser, "accept", repository.id);
    expect([refused.status, await refused.text()]).toEqual([
      422,
      expect.stringContaining("has a repository of that name"),
    ]);
    expect((await ownerOf(repository.id))?.ownerId).toBe(giver.id);
    await insist(taker, "DELETE", `/repos/${taker.username}/${repository.name}`);
    expect((await answer(browser, "accept", repository.id)).status).toBe(303);
  });

  it("gives nothing when who made it may not give it any more", async () => {
    const { name, owner, member } = await makeOrganization();
    const { id, path } = await makeOrganizationRepository(owner, name, "internal");
    const taker = await createPerson();
    await insist(owner, "PUT", `/orgs/${name}/memberships/${member.username}`, { role: "admin" });
    await insist(member, "POST", `${path}/transfer`, { new_owner: taker.username });
    await insist(owner, "PUT", `/orgs/${name}/memberships/${member.username}`, { role: "member" });
    const browser = await openSignedIn(taker.id);
    expect((await answer(browser, "accept", id)).status).toBe(422);
    await insist(owner, "PUT", `/orgs/${name}/memberships/${member.username}`, { role: "admin" });
    expect((await answer(browser, "accept", id)).status).toBe(303);
    // Internal to nobody's organisation is private, and nobody of the organisation has a part in it.
    expect(await statusOf(taker, "GET", `/repos/${taker.username}/${path.split("/").at(-1)}`)).toBe(200);
    expect(await statusOf(owner, "GET", `/repos/${taker.username}/${path.split("/").at(-1)}`)).toBe(404);
  });

  it("is nothing any more once the repository has gone elsewhere", async () => {
    const { giver, taker, repository, path } = await makeOffer();
    const id = await findOfferId(repository.id);
    const organization = `o${randomBase62(10)}`;
    await insist(giver, "POST", "/orgs", { login: organization });
    await insist(giver, "POST", `${path}/transfer`, { new_owner: organization });
    expect((await answer(await openSignedIn(taker.id), "accept", repository.id, id)).status).toBe(422);
    expect(await findOfferId(repository.id)).toBe(0);
  });

  it("isn't made to nobody, the suspended, or too often", async () => {
    const giver = await createPerson();
    const suspended = await createPerson();
    await database.query.update(users).set({ suspendedAt: new Date() }).where(eq(users.id, suspended.id));
    const taker = await createPerson();
    const offer = async (to: string) => {
      const { name } = await makeRepository(giver);
      return ask(giver, "POST", `/repos/${giver.username}/${name}/transfer`, { new_owner: to });
    };
    expect((await offer("nobody-there")).status).toBe(422);
    expect((await offer(suspended.username)).status).toBe(422);
    for (let count = 0; count < TRANSFERS_PER_REQUESTER.requestsMax; count++) {
      expect((await offer(taker.username)).status).toBe(202);
    }
    const refused = await offer(taker.username);
    expect([refused.status, refused.headers.has("retry-after")]).toEqual([429, true]);
  });
});
