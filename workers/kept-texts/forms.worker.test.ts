// Every form of the site: what is sent twice acts once, what is made is shown after a redirect and once, and what was filled
// in comes back after its sender had to confirm who they are.
import { eq } from "drizzle-orm";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { accessTokens, authSessions, keptTexts, users } from "../../schema/tables/auth.ts";
import { fillForm } from "../../site/fill-form.ts";
import { app } from "../app.ts";
import { KEPT_TEXT_CHARACTERS_MAX, RECENT_PROOF_MS } from "../core/limits.ts";
import { hashPassword } from "../sign-in/password-hash.ts";
import { TestBrowser } from "../sign-in/testing/browser.ts";
import { type Estate, fillPath, makeEstate } from "../testing/estate.ts";
import { createPerson, database, makeRepository, type Person, send } from "../testing/fixtures.ts";
import { openSignedIn, PASSWORD } from "../testing/mail-account.ts";
import { type Form, readForms } from "../testing/read-forms.ts";
import { keepText, sweepKeptTexts, takeText } from "./service.ts";

const TOKENS = "/settings/tokens";
const readToken = (page: string) => /plue_(deploy_)?[0-9A-Za-z]{36}/.exec(page)?.[0];
const readKey = (page: string) => /name="_once" value="([^"]+)"/.exec(page)?.[1] ?? "";

async function enter(userId: number): Promise<TestBrowser> {
  const browser = new TestBrowser();
  browser.cookies.set("plue", (await openSignedIn(userId)).cookie().replace("plue=", ""));
  return browser;
}

const age = (userId: number) =>
  database.query
    .update(authSessions)
    .set({ provedAt: new Date(Date.now() - RECENT_PROOF_MS - 60_000) })
    .where(eq(authSessions.userId, userId));

let person: Person;
let browser: TestBrowser;

beforeEach(async () => {
  person = await createPerson();
  browser = await enter(person.id);
});

const read = async (path: string, by = browser) => (await by.get(path)).text();
const countTokens = async () =>
  (await database.query.select().from(accessTokens).where(eq(accessTokens.userId, person.id))).length;
const wanted = (name: string) => ({ name, scope: "repo:read", repositories: "", expires_in_days: "30" });

describe("a token that was made", () => {
  it("is shown after a redirect, once, to the browser that made it, and lies nowhere in the clear", async () => {
    const answer = await browser.post(TOKENS, wanted("ci"));
    expect([answer.status, await answer.text()]).toEqual([303, ""]);
    const location = answer.headers.get("location") ?? "";
    expect(location).toBe(`${TOKENS}?done=made`);
    const [kept] = await database.query.select().from(keptTexts).where(eq(keptTexts.userId, person.id));
    expect(kept?.sealed).toMatch(/^v1\.[\w-]+\.[\w-]+$/);
    expect(readToken(await read(location, await enter(person.id)))).toBeUndefined();
    const page = await browser.get(location);
    expect(page.headers.get("cache-control")).toBe("no-store");
    const token = readToken(await page.text()) ?? "";
    expect((await send("/api/v3/user", { token })).status).not.toBe(401);
    expect(readToken(await read(location))).toBeUndefined();
    expect(await countTokens()).toBe(2);
  });

  it("for a repository is shown the same way", async () => {
    const { name } = await makeRepository(person);
    const path = `/${person.username}/${name}/settings/keys`;
    const answer = await browser.post(path, { title: "ci", key: "" });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, `${path}?done=made`]);
    expect(readToken(await read(`${path}?done=made`))).toMatch(/^plue_deploy_/);
    expect(readToken(await read(`${path}?done=made`))).toBeUndefined();
  });
});

describe("a form that is sent twice", () => {
  it("at once or in turn acts once, and leads to the same page", async () => {
    const fields = { ...wanted("ci"), _once: readKey(await read(TOKENS)) };
    const answers = await Promise.all([1, 2, 3].map(() => browser.post(TOKENS, fields)));
    answers.push(await browser.post(TOKENS, fields));
    expect(answers.map(({ headers }) => headers.get("location"))).toEqual(
      Array(4).fill(`${TOKENS}?done=made`),
    );
    expect(await countTokens()).toBe(2);
    expect(readToken(await read(`${TOKENS}?done=made`))).toBeDefined();
  });

  it("with other content, or from another rendering of its page, is another one", async () => {
    const once = { _once: readKey(await read(TOKENS)) };
    await browser.post(TOKENS, { ...wanted("one"), ...once });
    await browser.post(TOKENS, { ...wanted("two"), ...once });
    await browser.post(TOKENS, { ...wanted("two"), _once: readKey(await read(TOKENS)) });
    expect(await countTokens()).toBe(4);
  });

  it("may be sent again after it was refused, and is somebody else's own", async () => {
    const once = { _once: readKey(await read(TOKENS)) };
    for (let time = 0; time < 2; time++)
      expect((await browser.post(TOKENS, { ...wanted(""), ...once })).status).toBe(422);
    expect((await browser.post(TOKENS, { ...wanted("ci"), ...once })).status).toBe(303);
    const other = await createPerson();
    await (await enter(other.id)).post(TOKENS, { ...wanted("ci"), ...once });
    const theirs = await database.query.select().from(accessTokens).where(eq(accessTokens.userId, other.id));
    expect(theirs).toHaveLength(2);
  });

  it("makes one repository, and leads to it", async () => {
    const fields = {
      name: "twice",
      description: "",
      visibility: "public",
      _once: readKey(await read("/new")),
    };
    const answers = [await browser.post("/new", fields), await browser.post("/new", fields)];
    for (const answer of answers) expect(answer.headers.get("location")).toBe(`/${person.username}/twice`);
  });
});

describe("a text that is kept", () => {
  it("is bound to its person and secret, taken by one of two, bounded, and gone with its time", async () => {
    const holder = { userId: person.id, secret: "a secret" };
    const text = "x".repeat(KEPT_TEXT_CHARACTERS_MAX);
    await keepText(database, holder, "form:/a", text);
    expect(await takeText(database, { ...holder, secret: "another" }, "form:/a")).toBeUndefined();
    expect(await takeText(database, { ...holder, userId: person.id + 1 }, "form:/a")).toBeUndefined();
    expect(await takeText(database, holder, "form:/b")).toBeUndefined();
    const taken = await Promise.all([1, 2].map(() => takeText(database, holder, "form:/a")));
    expect(taken.filter((one) => one === text)).toHaveLength(1);
    await keepText(database, holder, "form:/a", `${text}x`);
    expect(await takeText(database, holder, "form:/a")).toBeUndefined();
    await keepText(database, holder, "form:/a", "late");
    await database.query
      .update(keptTexts)
      .set({ expiresAt: new Date(0) })
      .where(eq(keptTexts.userId, person.id));
    expect(await takeText(database, holder, "form:/a")).toBeUndefined();
    await sweepKeptTexts(database);
    expect(await database.query.select().from(keptTexts).where(eq(keptTexts.userId, person.id))).toEqual([]);
  });
});

/** Confirms by password. @returns the page it leads to */
async function confirm(by: TestBrowser, location: string): Promise<{ path: string; page: string }> {
  const return_to = new URL(location, "http://plue.test").searchParams.get("return_to") ?? "";
  const answer = await by.post("/login/confirm/password", { password: PASSWORD, return_to });
  const path = answer.headers.get("location") ?? "";
  expect([answer.status, path]).toEqual([303, return_to]);
  return { path, page: await (await by.get(path)).text() };
}

/** Text in every field for text; all else as it stands. */
function type(page: string, fields: Record<string, string>): Record<string, string> {
  const typed = Object.keys(fields).filter((name) => {
    const tag = new RegExp(`<(?:input|textarea)\\b[^>]*\\sname="${name}"[^>]*>`).exec(page)?.[0] ?? "";
    return /^<textarea|type="(text|url|email)"/.test(tag);
  });
  const own = Object.entries(fields).filter(([name]) => !["_csrf", "_once"].includes(name));
  return Object.fromEntries(
    own.map(([name, value]) => [name, typed.includes(name) ? `typed ${name} "<1> & more` : value]),
  );
}

const decode = (text: string): string =>
  text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const isFilled = (forms: Form[], action: string, sent: Record<string, string>): boolean =>
  forms
    .filter((form) => form.action === action)
    .some(({ submissions }) =>
      submissions.some((fields) =>
        Object.entries(sent).every(
          ([name, value]) =>
            ["password", "current"].includes(name) || decode(fields[name] ?? "").trim() === value.trim(),
        ),
      ),
    );

describe("a form whose sender has to confirm who they are", () => {
  let estate: Estate;
  let owner: TestBrowser;

  beforeAll(async () => {
    estate = await makeEstate();
    const passwordHash = await hashPassword(PASSWORD, { parameters: { ln: 4, r: 8, p: 1 } });
    await database.query
      .update(users)
      .set({ passwordHash, isAdmin: true })
      .where(eq(users.id, estate.owner.id));
    owner = await enter(estate.owner.id);
  });

  it("comes back filled in, whichever it is", async () => {
    const pages = new Set(app.routes.filter(({ method }) => method === "GET").map(({ path }) => path));
    const lost: string[] = [];
    let count = 0;
    const seen = new Set<string>();
    for (const route of pages) {
      if (
        /^\/(api|internal|assets|login|register|reset)\b|secret|\.git|:repository|export|stream/.test(route)
      )
        continue;
      const path = fillPath(estate, route);
      const answer = await owner.get(path);
      const page = await answer.text();
      if (answer.status !== 200) continue;
      for (const { action, submissions } of readForms(page, path)) {
        for (const fields of submissions) {
          const sent = type(page, fields);
          const key = `${action} ${JSON.stringify(sent)}`;
          if (action === "/logout" || seen.has(key)) continue;
          seen.add(key);
          await age(estate.owner.id);
          const posted = await owner.post(action, sent);
          const location = posted.headers.get("location") ?? "";
          if (!location.startsWith("/login/confirm")) continue;
          count += 1;
          const back = await confirm(owner, location);
          const isSaid = back.page.includes("what you had filled in is back");
          if (!isSaid || !isFilled(readForms(back.page, back.path), action, sent)) lost.push(key);
          // Once.
          if ((await (await owner.get(back.path)).text()).includes("filled in is back"))
            lost.push(`again: ${key}`);
        }
      }
    }
    expect(lost).toEqual([]);
    expect(count).toBeGreaterThan(15);
  });

  it("is filled in alone, its values as text", async () => {
    const form = { action: "/a", fields: [["name", "<b>"]] as [string, string][] };
    const page = `<details><form method="post" action="/a"><input name="name"><input type="password" name="password"></form></details><form method="post" action="/b"><input name="name"></form>`;
    const filled = await fillForm(page, form);
    expect(filled).toContain('<details open="">');
    expect(filled.match(/value="&lt;b&gt;"/g)).toHaveLength(1);
    expect(await fillForm(page, { action: "/c", fields: form.fields })).toBe(page);
  });
});
