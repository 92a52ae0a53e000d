// Addresses and headers at their limits, and one past them: on pages, in the API and for git.
import { describe, expect, it } from "vitest";
import { send } from "../testing/fixtures.ts";
import { REQUEST_ADDRESS_CHARACTERS_MAX, REQUEST_HEADERS_CHARACTERS_MAX } from "./limits.ts";

const GIT = "/somebody/something.git/info/refs?service=git-upload-pack&x=";

describe("an address", () => {
  it.each(["/login?x=", "/api/openapi.json?x=", GIT])("of the longest is taken at %s", async (begun) => {
    const path = begun + "a".repeat(REQUEST_ADDRESS_CHARACTERS_MAX - begun.length);
    expect((await send(path)).status).toBe(begun === GIT ? 401 : 200);
    const refused = await send(`${path}a`);
    expect(refused.status).toBe(414);
    expect(await refused.text()).toContain("at most 16384 characters");
  });
});

describe("headers", () => {
  it.each(["/login", "/api/openapi.json", GIT])("of the most are taken at %s", async (path) => {
    const name = "x-long";
    const most = REQUEST_HEADERS_CHARACTERS_MAX - name.length;
    expect((await send(path, { headers: { [name]: "a".repeat(most) } })).status).toBe(
      path === GIT ? 401 : 200,
    );
    const refused = await send(path, { headers: { [name]: "a".repeat(most + 1) } });
    expect(refused.status).toBe(431);
    expect(await refused.text()).toContain("at most 32768 characters");
  });
});
