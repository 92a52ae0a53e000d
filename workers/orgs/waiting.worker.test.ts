// What waits for somebody's answer is told to them: by mail when it is made, and in the head of every page until they
// answer, whatever the way they were invited.
import { describe, expect, it } from "vitest";
import { INVITATION_MAILS_PER_ADDRESS } from "../core/limits.ts";
import { createPerson, makeRepository } from "../testing/fixtures.ts";
import { readMails } from "../testing/mail.ts";
import { makeMailAccount, openSignedIn } from "../testing/mail-account.ts";
import { ask, insist, makeOrganization } from "../testing/organizations.ts";

const INVITATIONS = /<a href="\/settings\/organizations" class="tag">([^<]+)<\/a>/;
const TRANSFERS = /<a href="\/settings\/transfers" class="tag">([^<]+)<\/a>/;

async function openPages(userId: number) {
  const browser = await openSignedIn(userId);
  const readHead = async (path = "/") => {
    const text = await (await browser.get(path)).text();
    return [INVITATIONS.exec(text)?.[1], TRANSFERS.exec(text)?.[1]];
  };
  return { browser, readHead };
}

describe("an invitation by name", () => {
  it("shows in the head of the invited person's pages until it is answered", async () => {
    const invited = await makeMailAccount();
    const { browser, readHead } = await openPages(invited.id);
    expect(await readHead()).toEqual([undefined, undefined]);
    const { name, owner } = await makeOrganization();
    await insist(owner, "PUT", `/orgs/${name}/memberships/${invited.username}`);
    expect(await readHead("/settings/profile")).toEqual(["1 invitation", undefined]);
    const repository = await makeRepository(owner, true);
    const path = `/repos/${owner.username}/${repository.name}`;
    await insist(owner, "PUT", `${path}/collaborators/${invited.username}`, { permission: "pull" });
    expect(await readHead()).toEqual(["2 invitations", undefined]);
    expect(await (await openPages(owner.id)).readHead()).toEqual([undefined, undefined]);
    const page = await (await browser.get("/settings/organizations")).text();
    const ids = [...page.matchAll(/name="id" value="(\d+)"/g)].map(([, id = ""]) => id);
    await browser.post("/settings/organizations", { act: "decline", kind: "organization", id: ids[0] ?? "" });
    expect(await readHead()).toEqual(["1 invitation", undefined]);
  });

  it("is mailed to the invited person's primary address, with where to answer and no secret", async () => {
    const invited = await makeMailAccount();
    const { name, owner } = await makeOrganization();
    await insist(owner, "POST", `/orgs/${name}/invitations`, { invitee_id: invited.id });
    const repository = await makeRepository(owner, true);
    const path = `/repos/${owner.username}/${repository.name}`;
    await insist(owner, "PUT", `${path}/collaborators/${invited.username}`, { permission: "push" });
    const [first, second, ...more] = await readMails(invited.address);
    expect(more).toEqual([]);
    expect(first?.subject).toBe(`You are invited to ${name} on Plue`);
    expect(first?.text).toContain(`${owner.username} invites your account ${invited.username} to`);
    expect(second?.subject).toBe(`You are invited to ${owner.username}/${repository.name} on Plue`);
    for (const mail of [first, second]) {
      expect(mail?.text).toContain("http://plue.test/settings/organizations\n");
      expect(mail?.text).not.toMatch(/\/invitations\//);
    }
  });

  it("is made but not mailed to somebody who was mailed too many", async () => {
    const invited = await makeMailAccount();
    const most = INVITATION_MAILS_PER_ADDRESS.requestsMax;
    for (let at = 0; at <= most; at++) {
      const owner = await createPerson();
      const repository = await makeRepository(owner, true);
      const path = `/repos/${owner.username}/${repository.name}/collaborators/${invited.username}`;
      expect((await ask(owner, "PUT", path, { permission: "pull" })).status).toBe(201);
      expect(await readMails(invited.address)).toHaveLength(Math.min(at + 1, most));
    }
    const { readHead } = await openPages(invited.id);
    expect(await readHead()).toEqual([`${most + 1} invitations`, undefined]);
  });
});

describe("an invitation by address", () => {
  it("shows in the head of whoever has verified the address", async () => {
    const invited = await makeMailAccount();
    const { name, owner } = await makeOrganization();
    await insist(owner, "POST", `/orgs/${name}/invitations`, { email: invited.address.toUpperCase() });
    expect(await (await openPages(invited.id)).readHead()).toEqual(["1 invitation", undefined]);
  });
});

describe("an offer of a repository", () => {
  it("shows in the head of its recipient's pages until it is answered, and is mailed", async () => {
    const [giver, taker] = [await createPerson(), await makeMailAccount()];
    const repository = await makeRepository(giver, true);
    const { browser, readHead } = await openPages(taker.id);
    await insist(giver, "POST", `/repos/${giver.username}/${repository.name}/transfer`, {
      new_owner: taker.username,
    });
    expect(await readHead()).toEqual([undefined, "1 transfer offer"]);
    expect(await (await openPages(giver.id)).readHead()).toEqual([undefined, undefined]);
    expect(await readMails(taker.address)).toHaveLength(1);
    const page = await (await browser.get("/settings/transfers")).text();
    const id = /name="id" value="(\d+)"/.exec(page)?.[1] ?? "";
    await browser.post("/settings/transfers", { act: "decline", id });
    expect(await readHead()).toEqual([undefined, undefined]);
  });
});
