// The page of one's API tokens, as a browser without scripts uses it.
import { eq, sql } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { authSessions } from "../../schema/tables/auth.ts";
import { RECENT_PROOF_MS } from "../core/limits.ts";
import type { Browser } from "../testing/browser.ts";
import { createPerson, database, makeRepository, type Person, send } from "../testing/fixtures.ts";
import { openSignedIn } from "../testing/mail-account.ts";
import { readForms } from "../testing/read-forms.ts";

const PATH = "/settings/tokens";
let person: Person;
let browser: Browser;

beforeEach(async () => {
  person = await createPerson([]);
  browser = await openSignedIn(person.id);
});

const readToken = (page: string) => /plue_[0-9A-Za-z]{36}/.exec(page)?.[0];
const follow = async (answer: Response) => (await browser.get(answer.headers.get("location") ?? "")).text();
const works = async (token: string | undefined) =>
  (await send("/api/v3/user", { token: token ?? "" })).status === 200;

describe("the page of API tokens", () => {
  it("shows a token once, and lists it afterwards by its beginning alone", async () => {
    const answer = await browser.post(PATH, {
      name: "ci",
      scope: "repo:read",
      repositories: "",
      expires_in_days: "30",
    });
    expect(answer.status).toBe(303);
    const page = await follow(answer);
    const token = readToken(page) ?? "";
    expect(await works(token)).toBe(true);
    const again = await (await browser.get(PATH)).text();
    expect(readToken(again)).toBeUndefined();
    expect(again).toContain(`${token.slice(0, 9)}…`);
    expect(again).toContain("repo:read");
  });

  it("rotates and revokes by its own forms, at once", async () => {
    const made = await follow(
      await browser.post(PATH, { name: "ci", scope: "repo:read", expires_in_days: "" }),
    );
    const first = readToken(made);
    const actions = (verb: string) =>
      browser.get(PATH).then(async (page) => {
        const forms = readForms(await page.text(), PATH).filter(({ action }) => action.endsWith(`/${verb}`));
        // Another token of the account was there before.
        return forms.map(({ action }) => action);
      });
    const before = await actions("rotate");
    expect(before).toHaveLength(2);
    const rotated: (string | undefined)[] = [];
    for (const action of before) rotated.push(readToken(await follow(await browser.post(action))));
    expect(await works(first)).toBe(false);
    expect([await works(rotated[0]), await works(rotated[1])]).toEqual([true, true]);
    for (const action of await actions("revoke")) {
      expect((await browser.post(action)).headers.get("location")).toBe(`${PATH}?done=revoked`);
    }
    expect([await works(rotated[0]), await works(rotated[1])]).toEqual([false, false]);
    expect(await (await browser.get(`${PATH}?done=revoked`)).text()).toContain("worth nothing any more");
  });

  it("says beside the field what won't do, and keeps what was typed", async () => {
    const cases: [Record<string, string>, string][] = [
      [{ name: "", scope: "repo:read" }, "name"],
      [{ name: "typed by me", scope: "no-such-scope" }, "scope"],
      [{ name: "typed by me", scope: "repo:read", repositories: "nobody/nothing" }, "repositories"],
      [{ name: "typed by me", scope: "repo:read", expires_in_days: "-3" }, "expires_in_days"],
    ];
    for (const [fields, field] of cases) {
      const answer = await browser.post(PATH, { expires_in_days: "30", ...fields });
      const page = await answer.text();
      expect([field, answer.status]).toEqual([field, 422]);
      expect(readToken(page)).toBeUndefined();
      if (fields.name !== "") expect(page).toContain('value="typed by me"');
    }
  });

  it("limits a token to what its maker sees, and to nobody else's private repository", async () => {
    const other = await createPerson();
    const [own, hidden] = [await makeRepository(person, true), await makeRepository(other, true)];
    const make = (repositories: string) =>
      browser.post(PATH, { name: "one", scope: "repo:read", repositories, expires_in_days: "" });
    expect((await make(`${other.username}/${hidden.name}`)).status).toBe(422);
    const token = readToken(await follow(await make(`${person.username}/${own.name}`))) ?? "";
    expect((await send(`/api/v3/repos/${person.username}/${own.name}`, { token })).status).toBe(200);
    expect((await send("/api/v3/user/emails", { token })).status).toBeGreaterThanOrEqual(403);
  });

  it("asks for a proof when the last one is long ago, but never before it revokes", async () => {
    await browser.post(PATH, { name: "ci", scope: "repo:read", expires_in_days: "" });
    await database.query
      .update(authSessions)
      .set({ provedAt: sql`now() - ${RECENT_PROOF_MS + 60_000}::float8 * interval '1 millisecond'` })
      .where(eq(authSessions.userId, person.id));
    const page = await (await browser.get(PATH)).text();
    const asked = await browser.post(PATH, { name: "late", scope: "repo:read", expires_in_days: "" });
    expect(asked.headers.get("location")).toBe(
      `/login/confirm?return_to=${encodeURIComponent(`${PATH}?form=kept`)}`,
    );
    for (const { action } of readForms(page, PATH)) {
      if (!/rotate|revoke/.test(action)) continue;
      const { headers } = await browser.post(action);
      const wanted = action.endsWith("/rotate") ? /^\/login\/confirm/ : /done=revoked/;
      expect(headers.get("location")).toMatch(wanted);
    }
  });
});
