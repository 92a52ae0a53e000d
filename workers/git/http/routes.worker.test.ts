// The HTTP around git's protocol: who is let in, what is no request of git's, compressed and empty bodies.
import { describe, expect, it } from "vitest";
import { createPerson, makeRepository, send } from "../../testing/fixtures.ts";
import { PUSH_COMMANDS_LIMIT_BYTES } from "../limits.ts";
import { openTestRepository, post, push, readState, request } from "../testing/git-fixtures.ts";
import {
  encodeCommand,
  encodePush,
  made,
  makeCommit,
  makePack,
  readAnswer,
} from "../testing/git-requests.ts";

const MAIN = "refs/heads/main";
const first = makeCommit({ a: "one\n" });

async function compress(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  return new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}

describe("who comes in", () => {
  const refsOf = (owner: string, name: string, service = "git-upload-pack") =>
    `/${owner}/${name}.git/info/refs?service=${service}`;
  const basic = (token: string) => ({ headers: { authorization: `Basic ${btoa(`x:${token}`)}` } });

  it("reads a public repository, with or without .git in its address", async () => {
    const person = await createPerson();
    const { name } = await makeRepository(person);
    expect((await send(refsOf(person.username, name))).status).toBe(200);
    expect((await send(refsOf(person.username, name).replace(".git/", "/"))).status).toBe(200);
  });

  it("is asked for a token before a push, and told of a realm", async () => {
    const person = await createPerson();
    const { name } = await makeRepository(person);
    const asked = await send(refsOf(person.username, name, "git-receive-pack"));
    expect(asked.status).toBe(401);
    expect(asked.headers.get("www-authenticate")).toBe('Basic realm="Plue", charset="UTF-8"');
    expect(asked.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const known = await send(refsOf(person.username, name, "git-receive-pack"), basic(person.token));
    expect(known.status).toBe(200);
  });

  it("isn't let in with a bad token, nor shown what is another's", async () => {
    const [person, other] = [await createPerson(), await createPerson()];
    const { name } = await makeRepository(person, true);
    const hidden = await send(refsOf(person.username, name), basic(other.token));
    const say = (repo: string) =>
      `Repository ${person.username}/${repo} not found, or this token has no access to it.\n`;
    expect([hidden.status, await hidden.text()]).toEqual([404, say(name)]);
    const missing = await send(refsOf(person.username, "none"), basic(other.token));
    expect([missing.status, await missing.text()]).toEqual([404, say("none")]);
    expect((await send(refsOf(person.username, name), basic("plue_bad"))).status).toBe(401);
    expect((await send(refsOf(person.username, name))).status).toBe(401);
  });

  it("may not push to what it only reads", async () => {
    const [person, other] = [await createPerson(), await createPerson()];
    const { name } = await makeRepository(person);
    const path = `/${person.username}/${name}.git/git-receive-pack`;
    const answer = await send(path, { method: "POST", body: "0000", ...basic(other.token) });
    expect(answer.status).toBe(403);
  });
});

describe("info/refs", () => {
  it("is never cached, and of the service's type", async () => {
    const repository = await openTestRepository();
    const answer = await request(repository, "info/refs?service=git-receive-pack");
    expect(answer.headers.get("content-type")).toBe("application/x-git-receive-pack-advertisement");
    expect(answer.headers.get("cache-control")).toBe("no-cache, max-age=0, must-revalidate");
  });

  it("speaks v2 to readers who ask for it, v0 and v1 to all others", async () => {
    const repository = await openTestRepository();
    await push(repository, [made(MAIN, first.oid)], makePack(first.objects));
    const ask = async (service: string, protocol: string) =>
      (
        await request(repository, `info/refs?service=${service}`, { headers: { "git-protocol": protocol } })
      ).text();
    expect(await ask("git-upload-pack", "version=2")).toMatch(/^000eversion 2\n/);
    expect(await ask("git-upload-pack", "version=1")).toContain("000eversion 1\n");
    expect(await ask("git-upload-pack", "")).toContain(`${first.oid} HEAD\0`);
    expect(await ask("git-receive-pack", "version=2")).toContain(`${first.oid} ${MAIN}\0report-status`);
  });

  it.each(["info/refs", "info/refs?service=git-upload-archive"])(
    "refuses %s, as the dumb protocol is",
    async (path) => {
      const answer = await request(await openTestRepository(), path);
      expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining("smart protocol")]);
    },
  );
});

describe("a body", () => {
  it("of another type is refused, and told what is taken", async () => {
    const repository = await openTestRepository();
    const answer = await request(repository, "git-receive-pack", { method: "POST", body: "hello" });
    expect(answer.status).toBe(415);
    expect(await answer.text()).toContain("application/x-git-receive-pack-request");
    const brotli = await post(repository, "git-upload-pack", "0000", { "content-encoding": "br" });
    expect([brotli.status, await brotli.text()]).toEqual([415, expect.stringContaining("gzip is")]);
  });

  it.each(["git-upload-pack", "git-receive-pack"] as const)(
    "that isn't in lines is refused by %s",
    async (service) => {
      const answer = await post(await openTestRepository(), service, "<html>surely not</html>");
      expect([answer.status, await answer.text()]).toEqual([
        400,
        "protocol error: bad line length character\n",
      ]);
    },
  );

  it.each(["git-upload-pack", "git-receive-pack"] as const)(
    "that is empty is git's probe of %s",
    async (service) => {
      const repository = await openTestRepository();
      for (const body of ["0000", ""]) {
        for (const protocol of ["version=2", ""]) {
          const answer = await post(repository, service, body, { "git-protocol": protocol });
          expect([answer.status, await answer.text()]).toEqual([200, ""]);
          expect(answer.headers.get("content-type")).toBe(`application/x-${service}-result`);
        }
      }
    },
  );

  it("may be compressed", async () => {
    const repository = await openTestRepository();
    const body = await compress(encodePush([made(MAIN, first.oid)], makePack(first.objects)));
    const headers = { "content-encoding": "gzip" };
    const pushed = await post(repository, "git-receive-pack", body, headers);
    expect(await pushed.text()).toContain("unpack ok");
    const asked = await compress(encodeCommand("fetch", [`want ${first.oid}`, "done"]));
    const fetched = await post(repository, "git-upload-pack", asked, {
      ...headers,
      "git-protocol": "version=2",
    });
    expect(await fetched.text()).toContain("packfile");
  });

  it("that says it is compressed and isn't, or inflates without end, moves nothing", async () => {
    const repository = await openTestRepository();
    const headers = { "content-encoding": "gzip" };
    const plain = await post(repository, "git-receive-pack", "0000", headers);
    expect(plain.status).toBe(400);
    const bomb = await compress(new Uint8Array(16 * PUSH_COMMANDS_LIMIT_BYTES).fill(0x30));
    expect((await post(repository, "git-receive-pack", bomb, headers)).status).toBeLessThan(500);
    expect((await readState(repository)).keys).toEqual([]);
  });

  it("with garbage after good commands is told so where git shows it", async () => {
    const repository = await openTestRepository();
    const commands = encodePush([made(MAIN, first.oid)], null).subarray(0, -4);
    const body = Uint8Array.from([...commands, ...new TextEncoder().encode("000cgarbage\n")]);
    const answer = await post(repository, "git-receive-pack", body);
    expect(readAnswer(new Uint8Array(await answer.arrayBuffer())).fatal).toContain(
      "'garbage' instead of a ref update",
    );
  });
});

describe("addresses beside git's", () => {
  it("are not git's", async () => {
    const repository = await openTestRepository();
    expect((await request(repository, "objects/info/packs")).status).toBe(404);
    expect((await request(repository, "git-upload-pack")).status).toBe(404);
  });
});
