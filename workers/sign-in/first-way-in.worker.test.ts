// Whom only one-time links let in, as the first admin: they set up a first way in without a proof, and nothing else.
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { authSessions } from "../../schema/tables/auth.ts";
import { RECENT_PROOF_MS } from "../core/limits.ts";
import { openBrowser } from "../testing/browser.ts";
import { createPerson, database, giveLink } from "../testing/fixtures.ts";
import { PASSWORD } from "../testing/mail-account.ts";

/** Somebody who signed in by a one-time link more than an hour ago. */
async function enterLongAgo() {
  const person = await createPerson();
  const browser = openBrowser();
  expect((await browser.post(await giveLink(person.id))).status).toBe(303);
  const age = () =>
    database.query
      .update(authSessions)
      .set({ provedAt: new Date(Date.now() - RECENT_PROOF_MS - 1_000) })
      .where(eq(authSessions.userId, person.id));
  await age();
  return { person, browser, age };
}

describe("an account that only one-time links let in", () => {
  it("says what to do where it can't be confirmed, and needs a proof for all but a way in", async () => {
    const { person, browser } = await enterLongAgo();
    const page = await (await browser.get("/login/confirm")).text();
    for (const way of ["passkeys", "wallets", "password"]) expect(page).toContain(`href="/settings/${way}"`);
    expect(page).toContain("a new one-time link");
    for (const way of ["passkeys", "wallets", "password"]) {
      expect((await browser.get(`/settings/${way}`)).status).toBe(200);
    }
    for (const [path, fields] of [
      ["/settings/account/delete", { confirmation: person.username }],
      ["/settings/tokens", { name: "token" }],
      ["/settings/keys", { title: "key", key: "ssh-ed25519 AAAA" }],
      ["/settings/emails", { email: "somebody@example.com" }],
      ["/settings/username", { username: "another" }],
    ] as const) {
      const asked = await browser.post(path, fields);
      expect([path, asked.headers.get("location")]).toEqual([
        path,
        expect.stringMatching(/^\/login\/confirm/),
      ]);
    }
  });

  it("is confirmed by the first way once it is set up, which is the last that needed no proof", async () => {
    const { browser, age } = await enterLongAgo();
    const set = await browser.post("/settings/password", { password: PASSWORD });
    expect(set.headers.get("location")).toBe("/settings/password?done=changed");
    await age();
    for (const path of ["/settings/passkeys", "/settings/wallets"]) {
      expect((await browser.get(path)).headers.get("location")).toMatch(/^\/login\/confirm/);
    }
    const proved = await browser.post("/login/confirm/password", {
      ...{ password: PASSWORD, return_to: "/settings/passkeys" },
    });
    expect(proved.headers.get("location")).toBe("/settings/passkeys");
    expect((await browser.get("/settings/passkeys")).status).toBe(200);
  });

  it("proves it by another one-time link", async () => {
    const { person, browser } = await enterLongAgo();
    await browser.post("/logout");
    await browser.post(await giveLink(person.id));
    const asked = await browser.post("/settings/account/delete", { confirmation: "another" });
    expect(asked.status).toBe(422);
  });
});
