// Imports over REST: who may, what is refused, parts that are sent again, and an import from its beginning to its end.
import { createExecutionContext, env } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { app } from "../app.ts";
import {
  IMPORT_BYTES_MAX,
  IMPORT_PART_BYTES_MAX,
  IMPORT_PART_BYTES_MIN,
  IMPORT_PARTS_MAX,
  IMPORT_REFS_MAX,
  IMPORTS_PER_REPOSITORY_MAX,
} from "../core/limits.ts";
import { importPrefix } from "../git/store/keys.ts";
import { findRefs } from "../git/store/refs.ts";
import { makeBundle, makeCommit, makePack } from "../testing/bundles.ts";
import { createPerson, database, giveToken, makeRepository, send } from "../testing/fixtures.ts";
import { importsOf } from "../testing/imports.ts";

const OID = "1".repeat(40);

async function setUp(isPrivate = false) {
  const person = await createPerson();
  const repository = await makeRepository(person, isPrivate);
  return { person, repository, imports: importsOf(person, repository.name) };
}

/** Bytes that don't repeat, so that a wrong order of parts shows. */
const makeNoise = (sizeBytes: number): Uint8Array => {
  const noise = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 65536) crypto.getRandomValues(noise.subarray(at, at + 65536));
  return noise;
};

const listKeys = async (repositoryId: number, id: number) =>
  (await env.OBJECTS.list({ prefix: importPrefix(repositoryId, id) })).objects.map(({ key }) => key);

describe("an import", () => {
  it("goes from its parts, in any order, to moved refs, and leaves no part behind", async () => {
    const { repository, imports } = await setUp();
    const commit = makeCommit(makeNoise(2_500_000));
    const bundle = makeBundle({ "refs/heads/main": commit.oid, HEAD: commit.oid }, makePack([commit]));
    const begun = await imports.begin({
      format: "bundle",
      size_bytes: bundle.length,
      part_size_bytes: IMPORT_PART_BYTES_MIN,
    });
    expect(begun).toMatchObject({ status: 201, body: { state: "uploading", parts: 3, received_parts: [] } });
    const { id, part_size_bytes: partBytes } = begun.body;
    const partOf = (part: number) => bundle.slice((part - 1) * partBytes, part * partBytes);
    expect((await imports.putPart(id, 3, partOf(3))).status).toBe(204);
    expect((await imports.putPart(id, 1, partOf(1))).status).toBe(204);
    expect((await imports.get(id)).body.received_parts).toEqual([1, 3]);
    const early = await imports.complete(id);
    expect(early).toMatchObject({ status: 409, body: { message: "1 parts are missing: 2" } });
    await imports.putPart(id, 2, partOf(2));
    expect((await imports.complete(id)).status).toBe(202);
    expect((await imports.complete(id)).status).toBe(202);
    const done = await vi.waitFor(
      async () => {
        const { body } = await imports.get(id);
        expect(["done", "failed"]).toContain(body.state);
        return body;
      },
      { timeout: 10_000 },
    );
    expect(done).toMatchObject({ state: "done", failure: null, result: { moved: 1, skipped: 0 } });
    const refs = await findRefs(database.query, repository.id, ["refs/heads/main", "HEAD"]);
    expect(refs).toMatchObject([{ name: "refs/heads/main", oid: commit.oid }]);
    await vi.waitFor(async () => expect(await listKeys(repository.id, id)).toEqual([]));
  });

  it("refuses a part that isn't what was said, and keeps the one it had", async () => {
    const { repository, imports } = await setUp();
    const bytes = makeNoise(1000);
    const { body } = await imports.begin({ format: "bundle", size_bytes: bytes.length });
    const sha256 = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("base64");
    const md5 = Buffer.from(await crypto.subtle.digest("MD5", bytes)).toString("base64");
    const digest = { "content-digest": `sha-256=:${sha256}:` };
    expect((await imports.putPart(body.id, 1, bytes, digest)).status).toBe(204);
    expect((await imports.putPart(body.id, 1, bytes, { "content-md5": md5 })).status).toBe(204);
    const other = makeNoise(1000);
    expect(await imports.putPart(body.id, 1, other, digest)).toMatchObject({
      status: 422,
      message: "Part 1 has another digest than was said.",
    });
    expect((await imports.putPart(body.id, 1, other, { "content-md5": md5 })).status).toBe(422);
    expect((await imports.putPart(body.id, 1, other, { "content-digest": "sha-256=:AA==:" })).status).toBe(
      400,
    );
    expect(await imports.putPart(body.id, 1, bytes.slice(1))).toMatchObject({
      status: 422,
      message: "The body of part 1 is not of 1000 bytes.",
    });
    expect((await imports.putPart(body.id, 1, makeNoise(1001))).status).toBe(422);
    expect((await imports.putPart(body.id, 1, bytes, { "content-length": "999" })).status).toBe(422);
    expect((await imports.putPart(body.id, 2, bytes)).status).toBe(404);
    const [key] = await listKeys(repository.id, body.id);
    const kept = await env.OBJECTS.get(key ?? "");
    expect(new Uint8Array((await kept?.arrayBuffer()) ?? [])).toEqual(bytes);
  });

  it("takes a part that is larger than other bodies of the API may be", async () => {
    const { imports } = await setUp();
    const part = new Uint8Array(8 * 1024 * 1024);
    const { body } = await imports.begin({ format: "bundle", size_bytes: part.length });
    expect((await imports.putPart(body.id, 1, part)).status).toBe(204);
  });

  it("is given up once, takes no more parts then, and leaves none", async () => {
    const { repository, imports } = await setUp();
    const bytes = makeNoise(100);
    const { id } = await imports.upload(bytes);
    expect(await imports.abort(id)).toMatchObject({ status: 200, body: { state: "aborted" } });
    expect((await imports.abort(id)).status).toBe(200);
    expect((await imports.putPart(id, 1, bytes)).status).toBe(409);
    expect((await imports.complete(id)).status).toBe(409);
    expect(await listKeys(repository.id, id)).toEqual([]);
  });
});

describe("permission to import", () => {
  it("is that to push: owners with the scope, and nobody else", async () => {
    const { person, repository, imports } = await setUp();
    const hidden = await setUp(true);
    const [stranger, reader] = [await createPerson(), await giveToken(person.id, ["repo:read"])];
    const { id } = await imports.upload(makeNoise(10));
    const base = `/api/${person.username}/${repository.name}/import`;
    const paths: [string, string][] = [
      ["POST", base],
      ["GET", `${base}/${id}`],
      ["PUT", `${base}/${id}/parts/1`],
      ["POST", `${base}/${id}/complete`],
      ["DELETE", `${base}/${id}`],
    ];
    for (const [method, path] of paths) {
      const body =
        method === "POST" || method === "PUT" ? { body: '{"format":"bundle","size_bytes":9}' } : {};
      const statusOf = async (at: string, token?: string) =>
        (await send(at, { method, ...body, ...(token === undefined ? {} : { token }) })).status;
      expect(await statusOf(path), `${method} by nobody`).toBe(401);
      expect(await statusOf(path, stranger.token), `${method} by a stranger`).toBe(403);
      expect(await statusOf(path, reader), `${method} by a reader`).toBe(403);
      const secret = path.replace(base, `/api/${hidden.person.username}/${hidden.repository.name}/import`);
      expect(await statusOf(secret, stranger.token), `${method} of a hidden one`).toBe(404);
    }
    const elsewhere = importsOf(hidden.person, hidden.repository.name);
    expect((await elsewhere.get(id)).status).toBe(404);
    expect((await imports.get(id)).body.state).toBe("uploading");
  });
});

describe("the limits of an import", () => {
  it("are kept: size, size and number of parts, refs", async () => {
    const { imports } = await setUp();
    const statusOf = async (body: object) => {
      const answer = await imports.begin(body);
      if (answer.status === 201) await imports.abort(answer.body.id);
      return answer.status;
    };
    const bundle = (size: number, part: number) =>
      statusOf({ format: "bundle", size_bytes: size, part_size_bytes: part });
    expect(await bundle(IMPORT_BYTES_MAX, IMPORT_PART_BYTES_MAX)).toBe(201);
    expect(await bundle(IMPORT_BYTES_MAX + 1, IMPORT_PART_BYTES_MAX)).toBe(422);
    expect(await bundle(1, IMPORT_PART_BYTES_MAX + 1)).toBe(422);
    expect(await bundle(1, IMPORT_PART_BYTES_MIN - 1)).toBe(422);
    expect(await bundle(IMPORT_PARTS_MAX * IMPORT_PART_BYTES_MIN, IMPORT_PART_BYTES_MIN)).toBe(201);
    expect(await bundle(IMPORT_PARTS_MAX * IMPORT_PART_BYTES_MIN + 1, IMPORT_PART_BYTES_MIN)).toBe(422);
    const pack = (count: number) =>
      statusOf({
        format: "pack",
        size_bytes: 1,
        refs: Array.from({ length: count }, (_, at) => ({ name: `refs/heads/${at}`, oid: OID })),
      });
    expect(await pack(IMPORT_REFS_MAX)).toBe(201);
    expect(await pack(IMPORT_REFS_MAX + 1)).toBe(422);
    expect(await pack(0)).toBe(422);
    expect(await statusOf({ format: "bundle", size_bytes: 0 })).toBe(422);
    expect(await statusOf({ format: "bundle", size_bytes: 1, refs: [{ name: "x", oid: OID }] })).toBe(422);
  });

  it("let so many go on in one repository, however many are begun at once", async () => {
    const { imports } = await setUp();
    const wanted = { format: "bundle", size_bytes: 1 };
    const begun = await Promise.all(
      Array.from({ length: IMPORTS_PER_REPOSITORY_MAX + 2 }, () => imports.begin(wanted)),
    );
    const made = begun.filter(({ status }) => status === 201);
    expect(made).toHaveLength(IMPORTS_PER_REPOSITORY_MAX);
    expect((await imports.begin(wanted)).status).toBe(409);
    await imports.abort(made[0]?.body.id ?? 0);
    expect((await imports.begin(wanted)).status).toBe(201);
  });
});

it("the API's own description has imports", async () => {
  const { paths } = await (await send("/api/openapi.json")).json<{ paths: Record<string, object> }>();
  expect(Object.keys(paths["/{owner}/{repo}/import/{id}"] ?? {})).toEqual(["get", "delete"]);
  expect(paths["/{owner}/{repo}/import/{id}/parts/{part}"]).toHaveProperty("put");
});

describe("an import that is watched", () => {
  it("is streamed whole whenever it changes, until it has ended, and shown by its page", async () => {
    const person = await createPerson();
    const { name } = await makeRepository(person);
    const over = importsOf(person, name);
    const begun = await over.begin({ format: "bundle", size_bytes: 2_000_000, part_size_bytes: 1_048_576 });
    const { id } = begun.body;
    const path = `/${person.username}/${name}/imports`;
    const events = await stream(`/api${path}/${id}/stream`, person.token);
    expect((await events.next()).value).toMatchObject({ state: "uploading", received_bytes: 0 });
    await over.putPart(id, 1, new Uint8Array(1_048_576));
    expect((await events.next()).value).toMatchObject({ received_parts: [1], received_bytes: 1_048_576 });
    const page = await send(`${path}/${id}`, { token: person.token });
    expect(await page.text()).toContain("1.0 MB of 2.0 MB");
    await over.abort(id);
    expect((await events.next()).value).toMatchObject({ state: "aborted" });
    expect((await events.next()).value).toBe("done");
    expect((await events.next()).done).toBe(true);
    expect(await (await send(path, { token: person.token })).text()).toContain("given up");
  });

  it("isn't there for whoever may not push, nor one of another repository", async () => {
    const [person, stranger] = [await createPerson(), await createPerson()];
    const [{ name }, other] = [await makeRepository(person), await makeRepository(person)];
    const { body } = await importsOf(person, name).begin({ format: "bundle", size_bytes: 10 });
    const at = (repository: string) => `/${person.username}/${repository}/imports/${body.id}`;
    for (const path of [`/api${at(name)}/stream`, at(name)]) {
      expect((await send(path, { token: stranger.token })).status).toBe(403);
    }
    for (const path of [`/api${at(other.name)}/stream`, at(other.name)]) {
      expect((await send(path, { token: person.token })).status).toBe(404);
    }
  });

  /** The events of a stream as they come: what `import` says, or the name of another. */
  async function stream(path: string, token: string) {
    const context = createExecutionContext();
    const headers = { authorization: `Bearer ${token}` };
    const response = await app.fetch(new Request(`http://plue.test${path}`, { headers }), env, context);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    async function* read() {
      const decoder = new TextDecoder();
      let text = "";
      for await (const chunk of response.body ?? []) {
        const parts = (text + decoder.decode(chunk, { stream: true })).split("\n\n");
        text = parts.pop() ?? "";
        for (const part of parts) {
          const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(part) ?? [];
          if (event !== undefined && event !== "ping")
            yield event === "import" ? JSON.parse(data ?? "") : event;
        }
      }
    }
    return read();
  }
});
