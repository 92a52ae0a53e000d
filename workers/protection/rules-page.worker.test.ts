// Rules for branches on their page: created, edited and deleted by forms alone.
import { expect, it } from "vitest";
import { createPerson, makeRepository } from "../testing/fixtures.ts";
import { openSignedIn, readActions } from "../testing/mail-account.ts";

it("a rule is created, edited with what it held filled in, and deleted", async () => {
  const owner = await createPerson();
  const { name } = await makeRepository(owner);
  const path = `/${owner.username}/${name}/settings/branches`;
  const browser = await openSignedIn(owner.id);
  const read = async (query = "") => (await browser.get(`${path}${query}`)).text();
  const fields = {
    pattern: "main",
    priority: "3",
    requireLinearHistory: "on",
    requiredContexts: "plue/ci\nlint",
  };
  expect((await browser.post(path, { act: "save", ...fields })).status).toBe(303);

  const id =
    /href="[^"]*\?rule=(\d+)#rule" aria-label="Edit the rule for main"/.exec(await read())?.[1] ?? "";
  const form = await read(`?rule=${id}`);
  expect(form).toContain("Edit the rule for main");
  expect(form).toContain(`name="id" value="${id}"`);
  expect(form).toMatch(/name="priority"[^>]*value="3"/);
  expect(form).toMatch(/name="requireLinearHistory"[^>]*checked/);
  expect(form).toContain("plue/ci\nlint</textarea>");

  // A mistake leaves the rule as it was, and the form filled in.
  const wrong = await browser.post(path, {
    act: "save",
    id,
    ...fields,
    pattern: "re*",
    requiredApprovals: "7",
  });
  expect(wrong.status).toBe(422);
  const again = await wrong.text();
  expect(again).toContain("Edit the rule for main");
  expect(again).toMatch(/name="pattern"[^>]*value="re\*"/);

  const saved = await browser.post(path, {
    act: "save",
    id,
    pattern: "re*",
    priority: "3",
    allowDeletions: "on",
  });
  expect(saved.headers.get("location")).toBe(`${path}?done=save`);
  const page = await read();
  expect([...page.matchAll(/aria-label="Edit the rule for ([^"]+)"/g)].map(([, pattern]) => pattern)).toEqual(
    ["re*"],
  );
  expect(page).toContain("Allow deletions");
  expect(page).not.toContain("plue/ci, lint");

  expect((await browser.post(path, { act: "delete", id })).status).toBe(303);
  expect(await read()).toContain("No branch is protected yet.");
  expect((await browser.post(path, { act: "save", id, ...fields })).status).toBe(422);
  const recorded = (await readActions(owner.id)).filter((action) => action.startsWith("protected_branch"));
  expect(recorded).toEqual(["protected_branch.create", "protected_branch.update", "protected_branch.delete"]);
});
