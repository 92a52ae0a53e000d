// Repositories over REST: made, listed, found, and hidden.
import { createExecutionContext, env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { packs } from "../../schema/tables/git.ts";
import { app } from "../app.ts";
import { REQUEST_BODY_BYTES_MAX } from "../core/limits.ts";
import { createPerson, database, makeRepository, send } from "../testing/fixtures.ts";
import { makeOrganization } from "../testing/organizations.ts";

const post = (token: string | undefined, body: string) =>
  send("/api/v3/user/repos", {
    method: "POST",
    body,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    ...(token === undefined ? {} : { token }),
  });

describe("POST /api/v3/user/repos", () => {
  it("makes an empty repository from what curl -d sends", async () => {
    const person = await createPerson();
    const answer = await post(person.token, '{"name":"demo","description":"A demo","private":true}');
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({
      name: "demo",
      full_name: `${person.username}/demo`,
      private: true,
      visibility: "private",
      description: "A demo",
      default_branch: "main",
      clone_url: `http://plue.test/${person.username}/demo.git`,
      pushed_at: expect.any(String),
    });
    expect(answer.headers.get("location")).toBe(`http://plue.test/api/v3/repos/${person.username}/demo`);
  });

  it("refuses a name that is taken, whatever its case, and says which field it was", async () => {
    const person = await createPerson();
    await post(person.token, '{"name":"demo"}');
    const again = await post(person.token, '{"name":"Demo"}');
    expect(again.status).toBe(422);
    expect(await again.json()).toMatchObject({
      message: "Repository creation failed.",
      errors: [{ resource: "Repository", field: "name", code: "already_exists" }],
    });
  });

  it.each([
    ["{}", 422, "missing_field"],
    ['{"name":1}', 422, "invalid"],
    ['{"name":"../up"}', 422, "invalid"],
    ['{"name":"x.git"}', 422, "invalid"],
  ])("refuses %s with the field at fault", async (body, status, code) => {
    const answer = await post((await createPerson()).token, body);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({
      errors: [{ field: "name", code }],
      request_id: expect.any(String),
    });
  });

  it("refuses what isn't JSON, what is too large, and who isn't known", async () => {
    const { token } = await createPerson();
    expect((await post(token, "name=demo")).status).toBe(400);
    const frame = '{"name":"x","description":""}';
    const large = (bytes: number) => `{"name":"x","description":"${"y".repeat(bytes - frame.length)}"}`;
    expect((await post(token, large(REQUEST_BODY_BYTES_MAX + 1))).status).toBe(413);
    expect((await post(token, large(REQUEST_BODY_BYTES_MAX))).status).toBe(422);
    expect((await post(undefined, '{"name":"demo"}')).status).toBe(401);
  });
});

describe("GET /api/v3/repos/:owner/:repo", () => {
  it("shows a public repository to everyone, a private one to its owner and to nobody else", async () => {
    const [owner, stranger] = [await createPerson(), await createPerson()];
    const shown = await makeRepository(owner);
    const hidden = await makeRepository(owner, true);
    const statusOf = async (name: string, token?: string) =>
      (await send(`/api/v3/repos/${owner.username}/${name}`, token === undefined ? {} : { token })).status;
    expect(await statusOf(shown.name)).toBe(200);
    expect(await statusOf(shown.name.toUpperCase(), stranger.token)).toBe(200);
    expect(await statusOf(hidden.name, owner.token)).toBe(200);
    expect(await statusOf(hidden.name, stranger.token)).toBe(404);
    expect(await statusOf(hidden.name)).toBe(404);
    expect((await send(`/${owner.username}/${hidden.name}`)).status).toBe(404);
    expect(await (await send("/")).text()).not.toContain(hidden.name);
  });
});

describe("the size of a repository", () => {
  it("is what its live packs take, in KiB, rounded up", async () => {
    const owner = await createPerson();
    const { id, name } = await makeRepository(owner);
    const readSize = async () => {
      const response = await send(`/api/v3/repos/${owner.username}/${name}`, { token: owner.token });
      return (await response.json<{ size: number }>()).size;
    };
    expect(await readSize()).toBe(0);
    const pack = (sizeBytes: number, state: string) => ({
      ...{
        repositoryId: id,
        sha: crypto.randomUUID(),
        storageKey: crypto.randomUUID(),
        sizeBytes,
        objectCount: 1,
      },
      ...{ state, retiredAt: state === "live" ? null : new Date() },
    });
    const made = [pack(2000, "live"), pack(3000, "live"), pack(9000, "retired")];
    await database.query.insert(packs).values(made);
    expect(await readSize()).toBe(5);
  });
});

describe("GET /api/v3/user/repos", () => {
  it("pages, and links to the other pages", async () => {
    const person = await createPerson();
    for (let count = 0; count < 3; count++) await makeRepository(person);
    const first = await send("/api/v3/user/repos?per_page=2", { token: person.token });
    const second = await send("/api/v3/user/repos?per_page=2&page=2", { token: person.token });
    const names = [...(await first.json<{ name: string }[]>()), ...(await second.json<{ name: string }[]>())];
    expect(new Set(names.map((one) => one.name)).size).toBe(3);
    expect(first.headers.get("link")).toContain('page=2>; rel="next"');
    expect(second.headers.get("link")).not.toContain("next");
  });
});

describe("the API", () => {
  it("repeats no Host that a request made up", async () => {
    const response = await app.fetch(
      new Request("http://evil.example/api/v3/repos/no/thing"),
      env,
      createExecutionContext(),
    );
    const { documentation_url } = await response.json<{ documentation_url: string }>();
    expect([response.status, documentation_url]).toEqual([404, "http://plue.test/api/openapi.json"]);
  });

  it("refuses half a surrogate pair, which no text can have", async () => {
    const { name: org, owner } = await makeOrganization();
    const answer = await send(`/api/v3/orgs/${org}/teams`, {
      ...{ method: "POST", token: owner.token },
      body: '{"name":"team","description":"\\ud800"}',
    });
    expect(answer.status).toBe(400);
  });
  it("answers an unknown path with a JSON 404 that carries the request's id", async () => {
    const answer = await send("/api/nothing");
    expect(answer.status).toBe(404);
    const body = await answer.json<{ request_id: string }>();
    expect(body.request_id).toBe(answer.headers.get("x-request-id"));
  });
  it("describes itself", async () => {
    const document = await (await send("/api/openapi.json")).json<{ openapi: string; paths: object }>();
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(["/health", "/runs/{id}/stream", "/runs/{id}/cancel", "/v3/user/repos"]),
    );
  });
});
