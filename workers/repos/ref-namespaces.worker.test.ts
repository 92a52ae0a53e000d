// Which refs a repository takes by push: its settings say so, on the page and over the API, and a mirror can be complete.
import { beforeEach, describe, expect, it } from "vitest";
import { ZERO_OID } from "../git/object/oid.ts";
import { createPerson, send } from "../testing/fixtures.ts";
import { openSignedIn } from "../testing/mail-account.ts";
import { PushedRepository } from "../testing/pushed-repository.ts";

let repository: PushedRepository;
let oid: string;
beforeEach(async () => {
  repository = await PushedRepository.create();
  ({ oid } = await repository.commit("main", { "a.txt": "a\n" }));
});

const call = (method: string, body?: object, token = repository.person.token) =>
  send(`/api/v3/repos${repository.path}/ref-namespaces`, {
    ...{ method, token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const push = (ref: string) => repository.push(ref, ZERO_OID, oid, null);
const list = async (token = repository.person.token) => {
  const answer = await send(`${repository.path}.git/info/refs?service=git-upload-pack`, {
    headers: { authorization: `Basic ${btoa(`x:${token}`)}` },
  });
  return answer.text();
};

describe("a repository takes", () => {
  it("branches, tags and notes, and names what it refuses", async () => {
    expect(await (await call("GET")).json()).toEqual({ ref_namespaces: ["heads", "tags", "notes"] });
    expect(await push("refs/notes/commits")).toContain("ok refs/notes/commits");
    expect(await push("refs/pull/1/head")).toContain("this repository takes only refs/heads, refs/tags");
    expect(await push("refs/for/main")).toContain("refs/for is for reviews in Gerrit");
    expect(await push("refs/changes/01/1/1")).toContain("refs/changes holds changes of Gerrit");
    expect(await push("refs/plue/x")).toContain("refs/plue belongs to this site");
  });

  it("all that its settings open, which whoever may read it sees and fetches", async () => {
    const open = { ref_namespaces: ["heads", "tags", "notes", "changes", "*"] };
    const changed = await call("PUT", open);
    expect([changed.status, await changed.json()]).toEqual([200, open]);
    for (const ref of ["refs/pull/1/head", "refs/meta/config", "refs/changes/01/1/1", "refs/stash"]) {
      expect(await push(ref)).toContain(`ok ${ref}`);
    }
    const reader = await createPerson();
    expect(await list(reader.token)).toContain(`${oid} refs/pull/1/head`);
    expect(await push("refs/for/main")).toContain("refs/for is for reviews");

    // What was taken can be deleted though it would be refused now.
    await call("PUT", { ref_namespaces: ["heads"] });
    expect(await push("refs/pull/2/head")).toContain("takes only refs/heads;");
    expect(await repository.push("refs/pull/1/head", oid, ZERO_OID, null)).toContain("ok refs/pull/1/head");
  });

  it("what those who administer it say, and no one else", async () => {
    const stranger = await createPerson();
    expect((await call("PUT", { ref_namespaces: ["heads"] }, stranger.token)).status).toBe(403);
    expect((await call("GET", undefined, stranger.token)).status).toBe(200);
    for (const wrong of [["tags"], ["heads", "for"], ["heads", "a/b"]]) {
      const answer = await call("PUT", { ref_namespaces: wrong });
      expect([wrong, answer.status]).toEqual([wrong, 422]);
      expect(await answer.json()).toMatchObject({ errors: [{ field: "ref_namespaces" }] });
    }
  });

  it("what its settings page says", async () => {
    const browser = await openSignedIn(repository.person.id);
    const path = `${repository.path}/settings`;
    expect(await (await browser.get(path)).text()).toContain('value="heads tags notes"');
    const saved = await browser.post(path, { act: "ref-namespaces", namespaces: "heads tags refs/pull/*" });
    expect([saved.status, saved.headers.get("location")]).toEqual([303, `${path}?done=ref-namespaces`]);
    expect(await (await call("GET")).json()).toEqual({ ref_namespaces: ["heads", "tags", "pull"] });
    const refused = await browser.post(path, { act: "ref-namespaces", namespaces: "heads for" });
    expect(refused.status).toBe(422);
    const page = await refused.text();
    expect(page).toContain("refs/for can&#39;t be opened");
    expect(page).toContain('value="heads for"');
  });
});
