// Paths and words that mean something to file systems, browsers and databases, where names of ours are expected.
import { beforeAll, describe, expect, it } from "vitest";
import { openBrowser } from "../testing/browser.ts";
import { createPerson, makeRepository, type Person, send } from "../testing/fixtures.ts";
import { makeMailAccount, openSignedIn, PASSWORD } from "../testing/mail-account.ts";
import { ask, insist } from "../testing/organizations.ts";
import { PushedRepository } from "../testing/pushed-repository.ts";

const CLIMBS = [
  "..",
  "../..",
  "%2e%2e",
  "%2e%2e%2fREADME",
  "..%2f..%2fetc%2fpasswd",
  "%2fetc%2fpasswd",
  "..%5c..%5cboot.ini",
  "%5c%5chost%5cshare",
  "%00",
  "a.txt%00",
  "a.txt%00.html",
  "%252e%252e%252f",
  "%c0%ae%c0%ae%2f",
  "%ff",
  "%",
  "a%0d%0aset-cookie:%20plue=x",
];
const LINE_ENDS = ["a\r\nset-cookie: plue=x", "a\nlocation: https://elsewhere.test", "a\u0000b", "a\u2028b"];

let repository: PushedRepository;
let secret: { name: string };
let person: Person;

beforeAll(async () => {
  repository = await PushedRepository.create();
  await repository.commit("main", { "a.txt": "hello\n" });
  person = await createPerson();
  secret = await makeRepository(person, true);
});

async function expectNothing(path: string, statuses: number[]): Promise<void> {
  const answer = await send(path);
  // What every client resolves before it asks is another address, and answered as that.
  const isResolved = new URL(path, "http://plue.test").pathname !== path.split("?")[0];
  const wanted = isResolved ? [...statuses, 200, 301, 302, 303] : statuses;
  expect(wanted, `${path}: ${answer.status}`).toContain(answer.status);
  expect(answer.headers.getSetCookie(), path).toEqual([]);
  const location = answer.headers.get("location");
  if (location !== null) expect(location, path).toMatch(/^\/(?![/\\])[!-~]*$/);
  expect(await answer.text()).not.toMatch(/root:x:0|hello\n/);
}

describe("a path that climbs", () => {
  const base = () => `/${repository.person.username}/${repository.name}`;

  it("leads to no file of a repository and to nothing else, by branch, by path or raw", async () => {
    expect(await (await send(`${base()}/raw/main/a.txt`)).text()).toBe("hello\n");
    for (const climb of CLIMBS) {
      for (const view of ["tree", "blob", "raw"]) {
        await expectNothing(`${base()}/${view}/main/x/${climb}`, [400, 404]);
        await expectNothing(`${base()}/${view}/${climb}`, [400, 404]);
      }
    }
  });

  it("in the place of an owner or a repository finds nobody, on pages, in the API and for git", async () => {
    for (const climb of CLIMBS) {
      await expectNothing(`/x/${climb}`, [400, 404]);
      await expectNothing(`/x/${climb}/settings`, [400, 401, 404]);
      await expectNothing(`/api/v3/repos/x/${climb}`, [400, 404]);
      await expectNothing(`/api/v3/users/${climb}`, [400, 404]);
      await expectNothing(`/x/${climb}/info/refs?service=git-upload-pack`, [400, 401, 404]);
      await expectNothing(`${base()}.git/bundles/${climb}`, [400, 401, 404]);
    }
  });

  it("doesn't lead from an open repository into a private one", async () => {
    const hidden = `${person.username}/${secret.name}`;
    for (const between of ["..", "%2e%2e", "..%2f..", "%2e%2e%2f%2e%2e", "..%5c.."]) {
      for (const view of ["raw/main", "tree/main", "runs"]) {
        const answer = await send(`${base()}/${view}/${between}/${between}/${between}/${hidden}`);
        expect(answer.status === 404 || answer.status === 400, `${view} ${between} ${answer.status}`).toBe(
          true,
        );
        await answer.body?.cancel();
      }
    }
  });

  it("is no name for a repository, a branch or an organisation", async () => {
    const own = await makeRepository(person);
    const path = `/repos/${person.username}/${own.name}`;
    for (const name of [
      "..",
      ".",
      "../x",
      "a/b",
      "a\\b",
      "a\u0000b",
      "%2e%2e",
      "a%2fb",
      "a\r\nb",
      ".git",
      "a b",
    ]) {
      for (const [method, where, body] of [
        ["POST", "/user/repos", { name }],
        ["PATCH", path, { name }],
        ["PATCH", path, { default_branch: name }],
        ["POST", "/orgs", { login: name }],
      ] as const) {
        const answer = await ask(person, method, where, body);
        await answer.body?.cancel();
        expect([400, 422], `${method} ${where} ${JSON.stringify(name)}: ${answer.status}`).toContain(
          answer.status,
        );
      }
    }
  });
});

describe("line ends and NUL", () => {
  it("in what people say of themselves and theirs reach no header", async () => {
    const own = await makeRepository(person);
    for (const word of LINE_ENDS) {
      for (const [method, where, body] of [
        ["PATCH", "/user", { name: word, location: word }],
        ["PATCH", `/repos/${person.username}/${own.name}`, { description: word }],
        ["POST", "/user/keys", { title: word, key: word }],
      ] as const) {
        const answer = await ask(person, method, where, body);
        expect(answer.headers.getSetCookie()).toEqual([]);
        expect([200, 400, 422], `${where} ${JSON.stringify(word)}: ${answer.status}`).toContain(
          answer.status,
        );
        await answer.body?.cancel();
      }
      await expectNothing(`/${person.username}/${own.name}`, [200]);
    }
  });

  it("in where to return to lead home", async () => {
    const { username } = await makeMailAccount();
    for (const word of [...LINE_ENDS, "//elsewhere.test", "/\\elsewhere.test", "/\t/elsewhere.test"]) {
      const browser = openBrowser();
      const wish = word.startsWith("/") ? word : `/${word}`;
      const fields = { login: username, password: PASSWORD, return_to: wish };
      const answer = await browser.post("/login/password", fields);
      expect([answer.status, answer.headers.get("location")]).toEqual([303, "/"]);
      const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split("=", 1)[0]);
      expect(cookies.sort()).toEqual(["plue", "plue-known"]);
    }
  });

  it("in forms break nothing", async () => {
    const browser = await openSignedIn(person.id);
    for (const word of LINE_ENDS) {
      for (const [path, fields] of [
        ["/settings/profile", { name: word, bio: word, website: word }],
        ["/new", { name: word, description: word, owner: word }],
        ["/settings/tokens", { name: word, scopes: word }],
        ["/settings/organizations", { act: word, org: word }],
        ["/login/password", { login: word, password: word }],
        ["/register", { username: word, email: word, password: word }],
        ["/reset", { login: word }],
      ] as const) {
        const answer = await browser.post(path, { ...fields });
        expect([path, word, answer.status < 500]).toEqual([path, word, true]);
        expect(answer.headers.getSetCookie()).toEqual([]);
        await answer.body?.cancel();
      }
    }
    await insist(person, "GET", "/user");
  });
});
