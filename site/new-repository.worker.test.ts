// The form that makes a repository: what was wrong stands by the field it is about, and what was typed is kept.
import { expect, it } from "vitest";
import { createPerson } from "../workers/testing/fixtures.ts";
import { openSignedIn } from "../workers/testing/mail-account.ts";

it("says what was wrong by the field that it is about", async () => {
  const person = await createPerson();
  const browser = await openSignedIn(person.id);
  const post = async (fields: Record<string, string>) => {
    const form = { owner: person.username, name: "tools", description: "", visibility: "private", ...fields };
    const response = await browser.post("/new", form);
    return { status: response.status, text: await response.text() };
  };
  const internal = await post({ visibility: "internal" });
  expect(internal.status).toBe(422);
  expect(internal.text).toMatch(/<fieldset [^>]*aria-describedby="visibility-error"/);
  expect(internal.text).toMatch(
    /id="visibility-error"[^>]*>✗ Only an organisation has internal repositories/,
  );
  expect(internal.text).not.toContain("name-error");
  expect(internal.text).toContain('value="tools"');

  const badName = await post({ name: "a b" });
  expect([badName.status, badName.text.includes('id="name-error"')]).toEqual([422, true]);
  expect(badName.text).not.toContain("visibility-error");

  const long = await post({ description: "d".repeat(351) });
  expect([long.status, long.text.includes('id="description-error"')]).toEqual([422, true]);

  expect((await post({})).status).toBe(303);
  const taken = await post({});
  expect(taken.text).toMatch(/id="name-error"[^>]*>✗ The owner already has a repository of that name/);
});

it("doesn't offer internal to somebody without an organisation", async () => {
  const person = await createPerson();
  const page = await (await (await openSignedIn(person.id)).get("/new")).text();
  expect(page).toContain('value="private"');
  expect(page).not.toContain('value="internal"');
});
