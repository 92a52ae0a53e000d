// What goes wrong on the way: git's client says why, and the repository is as it was.
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRepository } from "./forge-client.ts";
import { commitFiles, git, makeFolder, makeWorkTree, removeFolder } from "./git-client.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

let plue: RunningPlue;
const root = makeFolder("bad");

beforeAll(async () => {
  plue = await startPlue();
});
afterAll(async () => {
  removeFolder(root);
  await plue?.stop();
});

const ZERO = "0".repeat(40);
const line = (text: string) => `${(text.length + 4).toString(16).padStart(4, "0")}${text}`;
const command = (oid: string) =>
  `${line(`${ZERO} ${oid} refs/heads/x\0report-status side-band-64k agent=test`)}0000`;

/** A pushed repository, with its refs as they were. */
async function makePushed(): Promise<{ remote: string; folder: string; refs: string }> {
  const { remote } = await makeRepository(plue);
  const folder = await makeWorkTree("bad", { a: "1\n" });
  await git(folder, "push", "--quiet", remote, "main");
  return { remote, folder, refs: await git(root, "ls-remote", remote) };
}

/** Posts a push by hand; the answer as text, or the error that cut it short. */
function post(remote: string, parts: Uint8Array[], cutShort = false): Promise<string> {
  const url = new URL(`${remote}/git-receive-pack`);
  const authorization = `Basic ${btoa(`x:${plue.token}`)}`;
  return new Promise((resolve) => {
    const sending = request(
      { host: url.hostname, port: url.port, path: url.pathname, method: "POST" },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", (error) => resolve(String(error)));
        response.on("close", () => resolve(`${response.statusCode} ${Buffer.concat(chunks)}`));
      },
    );
    sending.setHeader("authorization", authorization);
    sending.setHeader("content-type", "application/x-git-receive-pack-request");
    sending.on("error", (error) => resolve(String(error)));
    for (const part of parts) sending.write(part);
    if (cutShort) setImmediate(() => sending.destroy());
    else sending.end();
  });
}

/** A new commit with a large file, and the pack of some of its objects; of all when none are named. */
async function makePack(folder: string, names?: string[]): Promise<{ oid: string; pack: Buffer }> {
  const oid = await commitFiles(folder, { b: randomBytes(200_000).toString("base64") }, "More");
  const oids = names === undefined ? [] : await git(folder, "rev-parse", ...names);
  const { stdout } = spawnSync(
    "git",
    ["-C", folder, "pack-objects", "--stdout", "-q", ...(names ? [] : ["--revs"])],
    {
      input: names === undefined ? `${oid}\n` : `${oids}\n`,
    },
  );
  return { oid, pack: stdout };
}

function resign(pack: Buffer): Buffer {
  const body = pack.subarray(0, -20);
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}

describe("a pack that is bad", () => {
  it.each([
    ["not one", () => Buffer.from("<html>not a pack</html>"), "this isn't a pack"],
    ["cut short", (pack: Buffer) => pack.subarray(0, pack.length - 100), "ends"],
    ["changed on its way", (pack: Buffer) => Buffer.from(pack).fill(0x55, 5000, 5004), "unpack "],
    [
      "changed and signed anew",
      (pack: Buffer) => resign(Buffer.from(pack).fill(0x55, 5000, 5004)),
      "unpack ",
    ],
    ["wrongly signed", (pack: Buffer) => Buffer.from(pack).fill(0, pack.length - 20), "checksum"],
    ["followed by more", (pack: Buffer) => Buffer.concat([pack, Buffer.from("more")]), "garbage"],
    [
      "one that promises too many objects",
      (pack: Buffer) => resign(Buffer.from(pack).fill(9, 10, 11)),
      "unpack ",
    ],
  ])("as it is %s is refused with the reason", async (_what, spoil, reason) => {
    const { remote, folder, refs } = await makePushed();
    const { oid, pack } = await makePack(folder);
    const answer = await post(remote, [Buffer.from(command(oid)), spoil(pack)]);
    expect(answer).toMatch(/^200 /);
    expect(answer).toContain(reason);
    expect(answer).not.toContain("unpack ok");
    expect(answer).toContain("ng refs/heads/x unpacker error");
    expect(await git(root, "ls-remote", remote)).toBe(refs);
  });

  it("as an object is missing from it is refused, and the person is told which", async () => {
    const { remote, folder, refs } = await makePushed();
    const { oid, pack } = await makePack(folder, ["HEAD", "HEAD^{tree}"]);
    const answer = await post(remote, [Buffer.from(command(oid)), pack]);
    const blob = await git(folder, "rev-parse", "HEAD:b");
    expect(answer).toContain(`error: blob ${blob} is missing`);
    expect(answer).toContain("ng refs/heads/x missing necessary objects");
    expect(await git(root, "ls-remote", remote)).toBe(refs);
  });
});

describe("an old history", () => {
  const name = "A U Thor";
  const mail = "<author@example.com>";

  // Of the kinds that well-known repositories hold: of git's first months, of a Python library, of a shell framework.
  it.each([
    [
      "dates of git's first months and a tag without a tagger",
      `${name} ${mail} Thu Apr 7 15:13:13 2005`,
      "40000",
    ],
    ["a zone of five digits", `${name} ${mail} 1313584730 +51800`, "40000"],
    ["modes padded by zeros, and no space before an email", `${name}${mail} 01313584730 -0700`, "040000"],
    ["a date that no calendar has", `${name} ${mail} 8640000000001 +0000`, "40000"],
    ["no date at all, and a bracket in an email", `${name} <a<author@example.com>`, "40000"],
  ])("with %s is pushed, cloned and shown", async (_what, ident, mode) => {
    const { remote, name: repository } = await makeRepository(plue);
    const folder = await makeWorkTree("old", { "a/b": "1\n" });
    const write = (type: string, bytes: Buffer) => {
      const { stdout } = spawnSync(
        "git",
        ["-C", folder, "hash-object", "-wt", type, "--stdin", "--literally"],
        {
          input: bytes,
        },
      );
      return stdout.toString().trim();
    };
    const subtree = await git(folder, "rev-parse", "HEAD:a");
    const tree = write("tree", Buffer.concat([Buffer.from(`${mode} a\0`), Buffer.from(subtree, "hex")]));
    const root = await git(folder, "rev-parse", "HEAD");
    const header = `tree ${tree}\nparent ${root}\nauthor ${ident}\ncommitter ${ident}\n`;
    const tip = write("commit", Buffer.from(`${header}\nOld\n`));
    const tag = write("tag", Buffer.from(`object ${tip}\ntype commit\ntag v0\n\nOld\n`));
    await git(folder, "push", "--quiet", remote, `${tip}:refs/heads/main`, `${tag}:refs/tags/v0`);

    for (const options of [[], ["--depth=1"], ["--filter=tree:0", "--no-checkout"]]) {
      const clone = makeFolder("old-clone");
      await git(clone, "clone", "--quiet", ...options, remote, "c");
      expect(await git(`${clone}/c`, "rev-parse", "HEAD", "v0")).toBe(`${tip}\n${tag}`);
      if (options.length === 0) expect(await git(`${clone}/c`, "cat-file", "-t", tree)).toBe("tree");
      removeFolder(clone);
    }
    const page = await fetch(`${plue.url}/admin/${repository}`);
    expect(page.status).toBe(200);
    const text = await page.text();
    expect(text).toContain("A U Thor");
    expect(text.includes("unknown date")).toBe(!/ 0?1313584730 /.test(ident));
    removeFolder(folder);
  });
});

describe("a push that breaks off", () => {
  it("leaves the repository as it was, and works when it is tried again", async () => {
    const { remote, folder, refs } = await makePushed();
    const { oid, pack } = await makePack(folder);
    for (const sent of [0, 10, 100_000, pack.length - 1]) {
      await post(remote, [Buffer.from(command(oid)), pack.subarray(0, sent)], true);
    }
    expect(await git(root, "ls-remote", remote)).toBe(refs);
    await git(folder, "push", "--quiet", remote, "main");
    const clone = `${root}/again`;
    await git(root, "clone", "--quiet", remote, clone);
    expect(await git(clone, "rev-parse", "HEAD")).toBe(oid);
    await git(clone, "fsck", "--full", "--strict");
  });
});

describe("what isn't git's", () => {
  it("gets a clear answer", async () => {
    const { remote } = await makePushed();
    const page = await fetch(`${remote.replace(/\/\/.*@/, "//")}/info/refs`);
    expect([page.status, await page.text()]).toEqual([403, expect.stringContaining("smart protocol")]);
    expect(await post(remote, [Buffer.from("hello")])).toBe(
      "400 protocol error: bad line length character\n",
    );
  });
});
