// The pages of SSH keys and of deploy keys, as a browser without scripts uses them.
import { beforeEach, describe, expect, it } from "vitest";
import type { Browser } from "../testing/browser.ts";
import { createPerson, makeRepository, type Person, send } from "../testing/fixtures.ts";
import { openSignedIn } from "../testing/mail-account.ts";
import { readForms } from "../testing/read-forms.ts";

let person: Person;
let browser: Browser;

beforeEach(async () => {
  person = await createPerson();
  browser = await openSignedIn(person.id);
});

function makePublicKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const head = [0, 0, 0, 11, ...new TextEncoder().encode("ssh-ed25519"), 0, 0, 0, 32];
  return `ssh-ed25519 ${btoa(String.fromCharCode(...head, ...bytes))}`;
}

const findRemoval = async (path: string) =>
  readForms(await (await browser.get(path)).text(), path).find(({ action }) => action.endsWith("/remove"))
    ?.action ?? "";

describe("the page of SSH keys", () => {
  const path = "/settings/keys";

  it("adds a key with its fingerprint, and removes it again", async () => {
    const key = makePublicKey();
    const added = await browser.post(path, { title: "laptop <b>", key: `${key} me@laptop` });
    expect(added.headers.get("location")).toBe(`${path}?done=added`);
    const page = await (await browser.get(`${path}?done=added`)).text();
    expect(page).toContain("The key is added.");
    expect(page).toContain("laptop &lt;b&gt;");
    expect(page).toMatch(/SHA256:[A-Za-z0-9+/]{43}/);
    const removed = await browser.post(await findRemoval(path));
    expect(removed.headers.get("location")).toBe(`${path}?done=removed`);
    expect(await (await browser.get(path)).text()).toContain("You have no key.");
  });

  it("says what is wrong with a key, and keeps what was typed", async () => {
    const taken = makePublicKey();
    await browser.post(path, { title: "mine", key: taken });
    for (const key of ["", "nonsense", "ssh-ed25519 AAAA", taken]) {
      const answer = await browser.post(path, { title: "typed by me", key });
      const page = await answer.text();
      expect([key, answer.status]).toEqual([key, 422]);
      expect(page).toContain('value="typed by me"');
    }
  });
});

describe("the page of deploy keys", () => {
  it("shows a token once, which opens the repository until the key is removed", async () => {
    const { name } = await makeRepository(person, true);
    const path = `/${person.username}/${name}/settings/keys`;
    const made = await browser.post(path, { title: "server", key: "" });
    expect([made.status, made.headers.get("location")]).toEqual([303, `${path}?done=made`]);
    const shown = await (await browser.get(`${path}?done=made`)).text();
    const token = /<code>([^<…]{30,})<\/code>/.exec(shown)?.[1] ?? "";
    const fetchable = async () => {
      const headers = { authorization: `Basic ${btoa(`x:${token}`)}` };
      const refs = await send(`/${person.username}/${name}.git/info/refs?service=git-upload-pack`, {
        headers,
      });
      await refs.body?.cancel();
      return refs.status === 200;
    };
    expect(await fetchable()).toBe(true);
    expect(await (await browser.get(path)).text()).not.toContain(token);
    await browser.post(await findRemoval(path));
    expect(await fetchable()).toBe(false);
    expect(await (await browser.get(path)).text()).toContain("There is no deploy key.");
  });

  it("is its administrators' alone, and its forms too", async () => {
    const { name } = await makeRepository(person);
    const path = `/${person.username}/${name}/settings/keys`;
    const other = await openSignedIn((await createPerson()).id);
    expect((await other.get(path)).status).toBe(403);
    expect((await other.post(path, { title: "mine now", key: "" })).status).toBe(403);
    expect((await browser.post(path, { title: "", key: "" })).status).toBe(422);
    expect(await (await browser.get(path)).text()).toContain("There is no deploy key.");
  });
});
