// What git's clients are told when they may not: the true cause and the way out, and of what is hidden nothing more than
// of what isn't there.
import { describe, expect, it } from "vitest";
import { createPerson, giveToken, makeRepository, type Person, send } from "../testing/fixtures.ts";

const SERVICE = { push: "git-receive-pack", fetch: "git-upload-pack" };

async function ask(path: string, token: string | null, service: keyof typeof SERVICE = "push") {
  const headers = token === null ? {} : { authorization: `Basic ${btoa(`x:${token}`)}` };
  const answer = await send(`/${path}.git/info/refs?service=${SERVICE[service]}`, { headers });
  return { status: answer.status, text: await answer.text() };
}

const archive = (owner: Person, name: string) =>
  send(`/api/v3/repos/${owner.username}/${name}`, {
    ...{ method: "PATCH", token: owner.token, body: JSON.stringify({ archived: true }) },
  });

describe("a push", () => {
  it("to an archived repository is refused because it is archived", async () => {
    const owner = await createPerson();
    const { name } = await makeRepository(owner);
    expect((await archive(owner, name)).status).toBe(200);
    expect(await ask(`${owner.username}/${name}`, owner.token)).toEqual({
      status: 403,
      text: `You can't push to ${owner.username}/${name}. This repository is archived, so it is read-only. An admin can unarchive it in its settings.\n`,
    });
  });

  it("without the role is refused because of the role, without the scope because of the scope", async () => {
    const [owner, other] = [await createPerson(), await createPerson()];
    const { name } = await makeRepository(owner);
    const path = `${owner.username}/${name}`;
    expect((await ask(path, other.token)).text).toContain(
      "needs the write role in the repository; you have no role",
    );
    const reading = await giveToken(owner.id, ["repo:read"]);
    const answer = await ask(path, reading);
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining("the scope repo:write")]);
  });

  it("with a deploy key that only reads is refused because of the key", async () => {
    const owner = await createPerson();
    const { name } = await makeRepository(owner, true);
    const path = `${owner.username}/${name}`;
    const made = await send(`/api/v3/repos/${path}/keys`, {
      ...{ method: "POST", token: owner.token, body: JSON.stringify({ title: "ci", read_only: true }) },
    });
    const { token } = await made.json<{ token: string }>();
    const answer = await ask(path, token);
    expect([answer.status, answer.text]).toEqual([
      403,
      expect.stringContaining("This deploy key is read-only."),
    ]);
  });
});

describe("a repository that isn't there", () => {
  it("says how to create it, in the words used for one that is hidden", async () => {
    const [owner, other] = [await createPerson(), await createPerson()];
    const { name } = await makeRepository(owner, true);
    for (const service of ["push", "fetch"] as const) {
      const hidden = await ask(`${owner.username}/${name}`, other.token, service);
      const missing = await ask(`${owner.username}/missing`, other.token, service);
      expect(hidden.status).toBe(404);
      expect({ ...missing, text: missing.text.replaceAll("missing", name) }).toEqual(hidden);
    }
    const { text } = await ask(`${other.username}/new-one`, other.token);
    expect(text).toContain(`To create it, open http://plue.test/new?owner=${other.username}&name=new-one\n`);
    expect((await ask(`${other.username}/new-one`, other.token, "fetch")).text).not.toContain("/new?");
  });

  it("is asked for like one that is there, of whoever isn't known", async () => {
    const owner = await createPerson();
    const { name } = await makeRepository(owner, true);
    for (const repo of [name, "missing"]) {
      expect(await ask(`${owner.username}/${repo}`, null)).toEqual({
        status: 401,
        text: "Sign in with an API token as the password. Create one at http://plue.test/settings/tokens\n",
      });
    }
  });

  it("is named without what a terminal would obey", async () => {
    const other = await createPerson();
    const { text } = await ask(`${other.username}/a%1b%5b31m%0ab`, other.token);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    expect(text.trimEnd().replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f]/);
    expect(text).toContain("a%1B%5B31m%0Ab not found");
  });
});
