// Conditional requests: every GET of the REST API has an ETag that the next request may show.
import { describe, expect, it } from "vitest";
import { createPerson, giveToken, makeRepository, send } from "../testing/fixtures.ts";

describe("a conditional request", () => {
  it("is answered 304 without a body while nothing changes, with any token and any form of the header", async () => {
    const person = await createPerson();
    const { name } = await makeRepository(person);
    const path = `/api/v3/repos/${person.username}/${name}`;
    const first = await send(path, { token: person.token });
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^W\/"[0-9a-f]{64}"$/);
    expect(first.headers.get("vary")).toContain("Authorization");
    const token = await giveToken(person.id, ["admin"]);
    for (const shown of [etag, etag.slice(2), `"other", ${etag}`, "*"]) {
      const again = await send(path, { token, headers: { "if-none-match": shown } });
      expect(again.status, shown).toBe(304);
      expect(await again.text()).toBe("");
      expect(again.headers.get("etag")).toBe(etag);
      expect(again.headers.get("content-type")).toBeNull();
      expect(again.headers.get("x-ratelimit-used")).not.toBeNull();
    }
    const head = await send(path, { token, method: "HEAD" });
    expect(head.headers.get("etag")).toBe(etag);
  });

  it("is answered anew once something has changed", async () => {
    const person = await createPerson();
    const { name } = await makeRepository(person);
    const path = `/api/v3/repos/${person.username}/${name}`;
    const { token } = person;
    const etag = (await send(path, { token })).headers.get("etag") ?? "";
    await send(path, { token, method: "PATCH", body: JSON.stringify({ description: "New" }) });
    const again = await send(path, { token, headers: { "if-none-match": etag } });
    expect(again.status).toBe(200);
    expect(again.headers.get("etag")).not.toBe(etag);
    expect(await again.json()).toMatchObject({ description: "New" });
  });

  it("gets no ETag for an error or a change", async () => {
    const { token } = await createPerson();
    const missing = await send("/api/v3/repos/nobody/nothing", { token, headers: { "if-none-match": "*" } });
    expect([missing.status, missing.headers.get("etag")]).toEqual([404, null]);
    const made = await send("/api/v3/user/repos", { token, method: "POST", body: '{"name":"x"}' });
    expect([made.status, made.headers.get("etag")]).toEqual([201, null]);
  });
});
