// What pages of other origins may do: ask the API with a token, and nothing with a cookie.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../app.ts";
import { createPerson, makeRepository, type Person, send } from "../testing/fixtures.ts";
import { openSignedIn } from "../testing/mail-account.ts";

const FOREIGN = { origin: "https://elsewhere.test", "sec-fetch-site": "cross-site" };
let person: Person;
let cookie: string;
let name: string;

beforeAll(async () => {
  person = await createPerson();
  cookie = (await openSignedIn(person.id)).cookie();
  name = (await makeRepository(person, true)).name;
});

describe("a page of another origin", () => {
  it("reads the API with a token, and sees the headers that say how to go on", async () => {
    const answer = await send("/api/v3/user/emails", { token: person.token, headers: FOREIGN });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    const exposed = answer.headers.get("access-control-expose-headers")?.toLowerCase().split(", ") ?? [];
    const needed = ["link", "etag", "location", "retry-after", "x-request-id", "x-oauth-scopes"];
    for (const one of ["limit", "remaining", "used", "reset", "resource"]) needed.push(`x-ratelimit-${one}`);
    expect(exposed).toEqual(expect.arrayContaining(needed));
    for (const said of answer.headers.keys()) {
      if (/^x-(ratelimit|oauth|accepted)/.test(said)) expect(exposed).toContain(said);
    }
  });

  it("may read a refusal too", async () => {
    for (const path of ["/api/v3/user", "/api/v3/nothing-here", `/api/v3/repos/${person.username}/${name}`]) {
      const answer = await send(path, { headers: FOREIGN });
      expect(answer.status).toBeGreaterThanOrEqual(401);
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    }
  });

  it.each(["PATCH", "PUT", "DELETE", "POST"])("is told beforehand that it may %s", async (method) => {
    const asked = {
      "access-control-request-method": method,
      "access-control-request-headers": "authorization",
    };
    const answer = await send(`/api/v3/repos/${person.username}/${name}`, {
      ...{ method: "OPTIONS", headers: { ...FOREIGN, ...asked }, cookie },
    });
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    expect(answer.headers.get("access-control-allow-methods")?.split(", ")).toContain(method);
    expect(answer.headers.get("access-control-allow-headers")?.toLowerCase()).toContain("authorization");
    expect(answer.headers.get("access-control-max-age")).toBe("86400");
    expect(answer.headers.get("set-cookie")).toBeNull();
  });

  it("changes something with a token, and nothing with a cookie", async () => {
    const change = (headers: Record<string, string>) =>
      send(`/api/v3/repos/${person.username}/${name}`, {
        ...{ method: "PATCH", headers: { ...FOREIGN, ...headers }, body: '{"description":"changed"}' },
      });
    const refused = await change({ cookie });
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining("another site")]);
    expect((await change({ authorization: `Bearer ${person.token}` })).status).toBe(200);
  });

  it("is let into no page, not even by a preflight", async () => {
    for (const path of ["/", "/new", "/settings/profile", `/${person.username}/${name}`]) {
      for (const method of ["GET", "OPTIONS"]) {
        const headers = { ...FOREIGN, "access-control-request-method": "POST" };
        const answer = await send(path, { method, headers, cookie });
        const shared = [...answer.headers.keys()].filter((one) => one.startsWith("access-control-"));
        expect([path, method, shared]).toEqual([path, method, []]);
        await answer.body?.cancel();
      }
    }
  });
});

describe("the headers of pages and of the API", () => {
  const ask = async (path: string, bindings: object) => {
    const context = createExecutionContext();
    const answer = await app.fetch(new Request(`https://plue.test${path}`), { ...env, ...bindings }, context);
    await waitOnExecutionContext(context);
    await answer.body?.cancel();
    return answer.headers;
  };
  const PRODUCTION = {
    ...{ ENVIRONMENT: "production", PUBLIC_URL: "https://plue.test", NEON_PROXY: undefined },
    GATEWAY_SECRET: "f3q9xk2m7v1b8n4c6z0a5s-well-mixed",
  };

  it.each(["/login", "/api/openapi.json"])("keep %s to https in production only", async (path) => {
    const wanted = "max-age=63072000; includeSubDomains";
    expect((await ask(path, PRODUCTION)).get("strict-transport-security")).toBe(wanted);
    expect((await ask(path, {})).get("strict-transport-security")).toBeNull();
  });

  it.each(["/login", "/nothing/here/at/all", "/api/v3/user"])(
    "give %s no device and no frame",
    async (path) => {
      const headers = await ask(path, {});
      const policy = headers.get("permissions-policy") ?? "";
      for (const one of ["camera", "microphone", "geolocation", "payment", "usb"])
        expect(policy).toContain(`${one}=()`);
      expect(policy).toContain("publickey-credentials-get=(self)");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    },
  );
});
