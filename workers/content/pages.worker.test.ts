// The pages of files as they are reached: by the links of the pages above them, whatever the names, and raw in any part.
import { beforeEach, describe, expect, it } from "vitest";
import { PATH_DEPTH_MAX, RAW_FILE_HELD_BYTES_MAX } from "../core/limits.ts";
import { parseOid, ZERO_OID } from "../git/object/oid.ts";
import { makeObject, makePack } from "../git/testing/git-requests.ts";
import { begin } from "../testing/fixtures.ts";
import { PushedRepository } from "../testing/pushed-repository.ts";

type MadeObject = ReturnType<typeof makeObject>;

let repository: PushedRepository;
beforeEach(async () => {
  repository = await PushedRepository.create();
});

const IDENT = "A U Thor <author@example.com> 1300000000 +0000";

function makeTree(entries: [name: string, of: MadeObject][]): MadeObject {
  return makeObject(
    "tree",
    Buffer.concat(
      entries.flatMap(([name, { type, oid }]) => [
        Buffer.from(`${type === "tree" ? "40000" : "100644"} ${name}\0`, "latin1"),
        parseOid(oid),
      ]),
    ),
  );
}

async function pushTree(tree: MadeObject, objects: readonly MadeObject[]): Promise<void> {
  const commit = makeObject("commit", `tree ${tree.oid}\nauthor ${IDENT}\ncommitter ${IDENT}\n\nA change\n`);
  await repository.move("refs/heads/main", ZERO_OID, commit.oid, makePack([commit, tree, ...objects]));
}

const ask = (path: string, init: { method?: string; headers?: Record<string, string> } = {}) =>
  // A file that is streamed is sent at the pace at which it is read.
  begin(path, { ...init, token: repository.person.token });

async function show(path: string): Promise<string> {
  const response = await ask(path);
  expect([path, response.status]).toEqual([path, 200]);
  return response.text();
}

const linksOf = (page: string): string[] => {
  const table = /<table class="files">.*<\/table>/s.exec(page)?.[0] ?? "";
  return [...table.matchAll(/href="([^"]+)"/g)].map(([, href]) => (href ?? "").replaceAll("&amp;", "&"));
};

describe("a file opens from its link", () => {
  // In latin1, a character a byte.
  it.each([
    ["latin1", "caf\xe9"],
    ["bytes that are no text", "\xff\xfe\x80"],
    ["a newline", "a\nb"],
    ["a carriage return and a tab", "a\r\tb"],
    ["a per cent sign", "%E9"],
    ["a byte order mark", "\xef\xbb\xbfx"],
    ["signs of addresses", "a?b#c&d;e\\f"],
    ["spaces", " a "],
    ["an encoded surrogate", "\xed\xa0\x80"],
  ])("with %s in its name and its folder's", async (_, name) => {
    const blob = makeObject("blob", "the file\n");
    const folder = makeTree([[name, blob]]);
    await pushTree(makeTree([[name, folder]]), [folder, blob]);
    const [folderLink] = linksOf(await show(repository.path));
    const [fileLink] = linksOf(await show(folderLink ?? ""));
    const page = await show(fileLink ?? "");
    expect(page).toContain("the file");
    const [, raw] = /<a href="([^"]+)">raw<\/a>/.exec(page) ?? [];
    expect(await show((raw ?? "").replaceAll("&amp;", "&"))).toBe("the file\n");
  });
});

describe("a tag", () => {
  it("of a tree opens as its files, and one of a blob as a file, also through other tags", async () => {
    const blob = makeObject("blob", "a key\n");
    const tree = makeTree([["key.txt", blob]]);
    await pushTree(tree, [blob]);
    const tag = makeObject("tag", `object ${blob.oid}\ntype blob\ntag inner\n\nA tag\n`);
    const outer = makeObject("tag", `object ${tag.oid}\ntype tag\ntag outer\n\nA tag\n`);
    await repository.move("refs/tags/a-tree", ZERO_OID, tree.oid);
    await repository.move("refs/tags/a-blob", ZERO_OID, blob.oid);
    await repository.move("refs/tags/outer", ZERO_OID, outer.oid, makePack([tag, outer]));

    const page = await show(`${repository.path}/tree/a-tree`);
    expect(page).toContain("points at files, not at a commit");
    expect(await show(linksOf(page)[0] ?? "")).toContain("a key");
    for (const name of ["a-blob", "outer"]) {
      expect(await show(`${repository.path}/tree/${name}`)).toContain("a key");
      expect(await show(`${repository.path}/raw/${name}`)).toBe("a key\n");
      expect((await ask(`${repository.path}/tree/${name}/key.txt`)).status).toBe(404);
    }
    const status = await ask(`/api/v3/repos${repository.path}/commits/a-blob/status`);
    expect(status.status).toBe(404);
  });
});

describe("a page's size", () => {
  function nest(depth: number, inner: MadeObject): { root: MadeObject; all: MadeObject[] } {
    const all = [inner];
    let root = inner;
    for (let at = 0; at < depth; at++) {
      root = makeTree([["directory-0123", root]]);
      all.push(root);
    }
    return { root, all };
  }

  it("grows no faster than the path that is asked for", async () => {
    const blob = makeObject("blob", "deep\n");
    const { root, all } = nest(PATH_DEPTH_MAX, makeTree([["f", blob]]));
    await pushTree(root, [...all, blob]);
    const at = (depth: number) => show(`${repository.path}/tree/main${"/directory-0123".repeat(depth)}`);
    const [some, many] = [await at(64), await at(PATH_DEPTH_MAX)];
    expect(many.length).toBeLessThan(5 * some.length);
    expect(many).toContain(`title="${PATH_DEPTH_MAX - 13} folders more"`);
    const tooDeep = await ask(`${repository.path}/tree/main${"/directory-0123".repeat(PATH_DEPTH_MAX + 1)}`);
    expect(tooDeep.status).toBe(414);
    expect((await tooDeep.text()).length).toBeLessThan(16 * 1024);
  });

  it("is bounded where many files lie below long names", async () => {
    const blob = makeObject("blob", "x\n");
    const files = Array.from({ length: 1000 }, (_, at): [string, MadeObject] => [
      `${String(at).padStart(4, "0")}${"n".repeat(2000)}`,
      blob,
    ]);
    const { root, all } = nest(1, makeTree(files));
    await pushTree(root, [...all, blob]);
    const page = await show(`${repository.path}/tree/main/directory-0123`);
    expect(page).toMatch(/\d+ more are not listed/);
    expect(page.length).toBeLessThan(3 * 1024 * 1024);
  });
});

describe("an address without a page", () => {
  it("keeps the repository's header for who may read it, and says so once", async () => {
    await repository.commit("main", { "a.txt": "a\n" });
    for (const path of ["runs/999999", "nothing", "runs/none"]) {
      const answer = await ask(`${repository.path}/${path}`);
      expect([path, answer.status]).toEqual([path, 404]);
      const page = await answer.text();
      expect(page).toContain('aria-label="Repository"');
      expect(page.match(/<p>not found<\/p>/gi)).toBeNull();
    }
    const elsewhere = await (await ask("/nobody/nothing/runs/1")).text();
    expect(elsewhere).not.toContain('aria-label="Repository"');
  });

  it("isn't what every browser and crawler asks for", async () => {
    const robots = await ask("/robots.txt");
    expect([robots.status, await robots.text()]).toEqual([200, expect.stringContaining("Disallow: /api/")]);
    const icon = await ask("/favicon.ico");
    expect([icon.status, icon.headers.get("content-type")]).toEqual([200, "image/vnd.microsoft.icon"]);
    expect(new Uint8Array(await icon.arrayBuffer()).slice(0, 6)).toEqual(Uint8Array.of(0, 0, 1, 0, 1, 0));
  });
});

describe("a raw file", () => {
  /** Not to be made smaller by a pack; no two stretches are the same. */
  function makeBytes(sizeBytes: number): Uint8Array {
    const bytes = new Uint8Array(sizeBytes);
    for (let at = 0; at < sizeBytes; at += 65_536) {
      crypto.getRandomValues(bytes.subarray(at, Math.min(sizeBytes, at + 65_536)));
    }
    return bytes;
  }

  it.each([
    ["that is held", RAW_FILE_HELD_BYTES_MAX],
    ["that is streamed", RAW_FILE_HELD_BYTES_MAX + 1],
  ])("%s comes whole and in any part", async (_, sizeBytes) => {
    const bytes = makeBytes(sizeBytes);
    const blob = makeObject("blob", bytes);
    await pushTree(makeTree([["big.bin", blob]]), [blob]);
    const path = `${repository.path}/raw/main/big.bin`;
    const whole = await ask(path);
    expect(whole.status).toBe(200);
    expect(whole.headers.get("content-type")).toBe("application/octet-stream");
    expect(whole.headers.get("accept-ranges")).toBe("bytes");
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
    for (const [range, start, end] of [
      ["bytes=0-0", 0, 1],
      ["bytes=1048570-1048590", 1_048_570, 1_048_591],
      ["bytes=-7", sizeBytes - 7, sizeBytes],
      [`bytes=${sizeBytes - 1}-`, sizeBytes - 1, sizeBytes],
    ] as const) {
      const part = await ask(path, { headers: { range } });
      expect([range, part.status]).toEqual([range, 206]);
      expect(part.headers.get("content-range")).toBe(`bytes ${start}-${end - 1}/${sizeBytes}`);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(start, end))).toBe(true);
    }
    const past = await ask(path, { headers: { range: `bytes=${sizeBytes}-` } });
    expect([past.status, past.headers.get("content-range")]).toEqual([416, `bytes */${sizeBytes}`]);
    await past.arrayBuffer();
    const head = await ask(path, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(sizeBytes)]);
    const etag = whole.headers.get("etag") ?? "";
    const same = await ask(path, { headers: { "if-none-match": `"other", W/${etag}` } });
    expect([same.status, await same.text()]).toEqual([304, ""]);
    const changed = await ask(path, { headers: { range: "bytes=0-0", "if-range": '"other"' } });
    expect(changed.status).toBe(200);
    await changed.body?.cancel();
  });

  it("that isn't there is a page of the repository", async () => {
    await repository.commit("main", { "a.txt": "a\n" });
    for (const path of ["raw/main/none", "raw/none", "tree/none", "blob/main/none"]) {
      const answer = await ask(`${repository.path}/${path}`);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(await answer.text()).toContain('aria-label="Repository"');
    }
  });

  it("of nothing is nothing", async () => {
    const blob = makeObject("blob", "");
    await pushTree(makeTree([["empty", blob]]), [blob]);
    expect(await show(`${repository.path}/raw/main/empty`)).toBe("");
  });
});
