// Real git as people use it, against a whole installation: what is pushed comes back, by every way of asking for it.
import { randomBytes } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRepository, remoteOf } from "./forge-client.ts";
import { commitFiles, git, makeFolder, makeWorkTree, removeFolder, tryGit } from "./git-client.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

let plue: RunningPlue;
const root = makeFolder("git");
let count = 0;
const fresh = () => join(root, `clone-${count++}`);

beforeAll(async () => {
  plue = await startPlue();
});
afterAll(async () => {
  removeFolder(root);
  await plue?.stop();
});

const check = (folder: string) => git(folder, "fsck", "--full", "--strict", "--no-dangling");
const subjects = async (folder: string, ...args: string[]) =>
  (await git(folder, "log", "--format=%s", ...args)).split("\n");

/** A pushed repository of five commits with tags, and the work tree it came from. */
async function makeHistory(...pushArgs: string[]): Promise<{ remote: string; folder: string }> {
  const { remote } = await makeRepository(plue);
  const folder = await makeWorkTree("history", { "README.md": "0\n", "docs/a b.txt": "same\n" });
  for (let at = 1; at < 5; at++) {
    const long = Array.from({ length: 400 }, (_, line) => `line ${line} ${line === at ? at : ""}`).join("\n");
    await commitFiles(folder, { "README.md": `${at}\n`, "src/long.txt": long }, `Change ${at}`);
  }
  await git(folder, "tag", "-a", "v1", "-m", "one", "HEAD~2");
  await git(folder, "tag", "-a", "v1-nested", "-m", "nested", "v1");
  await git(folder, "tag", "light", "HEAD~1");
  await git(folder, ...pushArgs, "push", "--quiet", remote, "main", "--tags");
  return { remote, folder };
}

describe.each([2, 0])("protocol v%i", (version) => {
  const speak = ["-c", `protocol.version=${version}`];
  const clone = async (remote: string, ...args: string[]) => {
    const folder = fresh();
    await git(root, ...speak, "clone", "--quiet", ...args, remote, folder);
    await check(folder);
    return folder;
  };

  it("clones an empty repository, which then takes its first push", async () => {
    const { remote } = await makeRepository(plue);
    const folder = await clone(remote);
    // Only v2 can name a branch that doesn't exist yet.
    if (version === 2) expect(await git(folder, "symbolic-ref", "HEAD")).toBe("refs/heads/main");
    else await git(folder, "symbolic-ref", "HEAD", "refs/heads/main");
    await commitFiles(folder, { a: "1\n" }, "First");
    await git(folder, ...speak, "push", "--quiet", "origin", "main");
    expect(await git(root, ...speak, "ls-remote", remote, "HEAD")).toContain(
      await git(folder, "rev-parse", "main"),
    );
  });

  it("gives back every ref and object", async () => {
    const { remote, folder } = await makeHistory(...speak);
    const mirror = await clone(remote, "--mirror");
    const list = (where: string) =>
      git(where, "for-each-ref", "--format=%(refname) %(objectname) %(*objectname)");
    expect(await list(mirror)).toBe(await list(folder));
    const objects = (where: string) => git(where, "rev-list", "--objects", "--all", "--no-object-names");
    expect((await objects(mirror)).split("\n").sort()).toEqual((await objects(folder)).split("\n").sort());
    const refs = await git(root, ...speak, "ls-remote", remote);
    expect(refs.split("\n").map((line) => line.split("\t")[1])).toEqual([
      ...["HEAD", "refs/heads/main", "refs/tags/light", "refs/tags/v1", "refs/tags/v1^{}"],
      ...["refs/tags/v1-nested", "refs/tags/v1-nested^{}"],
    ]);
  });

  it("fetches what is new, tags of it too, and what was rewritten or deleted", async () => {
    const { remote, folder } = await makeHistory(...speak);
    const other = await clone(remote);
    await git(folder, "checkout", "--quiet", "-b", "topic");
    await commitFiles(folder, { "src/new.txt": "new\n" }, "New");
    await git(folder, "tag", "-a", "v2", "-m", "two");
    await git(folder, ...speak, "push", "--quiet", remote, "topic", "v2");
    await git(other, ...speak, "fetch", "--quiet");
    expect(await git(other, "rev-parse", "v2^{commit}", "origin/topic")).toBe(
      await git(folder, "rev-parse", "topic", "topic"),
    );
    await git(folder, "commit", "--quiet", "--amend", "--message", "Rewritten");
    expect((await tryGit(folder, "push", remote, "topic")).stderr).toContain("(non-fast-forward)");
    await git(folder, ...speak, "push", "--quiet", "--force", remote, "topic");
    await git(other, ...speak, "fetch", "--quiet");
    expect((await subjects(other, "-1", "origin/topic"))[0]).toBe("Rewritten");
    await git(folder, ...speak, "push", "--quiet", "--delete", remote, "topic", "v2");
    await git(other, ...speak, "fetch", "--quiet", "--prune", "--prune-tags");
    expect((await tryGit(other, "rev-parse", "--verify", "origin/topic")).code).not.toBe(0);
    await check(other);
  });

  it("clones shallowly, deepens step by step, and ends whole", async () => {
    const { remote } = await makeHistory();
    const folder = await clone(remote, "--depth=1");
    expect(await subjects(folder)).toEqual(["Change 4"]);
    await git(folder, ...speak, "fetch", "--quiet", "--deepen=2");
    expect(await subjects(folder)).toEqual(["Change 4", "Change 3", "Change 2"]);
    await check(folder);
    await git(folder, ...speak, "fetch", "--quiet", "--depth=2");
    await git(folder, ...speak, "fetch", "--quiet", "--unshallow");
    expect(await subjects(folder)).toEqual(["Change 4", "Change 3", "Change 2", "Change 1", "First"]);
    expect(existsSync(join(folder, ".git/shallow"))).toBe(false);
    await check(folder);
    expect(await subjects(await clone(remote, "--shallow-exclude=v1"))).toEqual(["Change 4", "Change 3"]);
  });

  it("clones one branch, without the others' commits", async () => {
    const { remote, folder } = await makeHistory();
    await git(folder, "checkout", "--quiet", "-b", "side", "HEAD~3");
    await commitFiles(folder, { side: "side\n" }, "Side");
    await git(folder, "push", "--quiet", remote, "side");
    const single = await clone(remote, "--single-branch", "--branch=side", "--no-tags");
    expect(await subjects(single, "--all")).toEqual(["Side", "Change 1", "First"]);
  });

  it("pushes notes and submodules, quietly, with options and all or nothing", async () => {
    const { remote, folder } = await makeHistory();
    await git(folder, "notes", "add", "-m", "a note", "HEAD");
    await git(folder, "update-index", "--add", "--cacheinfo", `160000,${"12".repeat(20)},vendored`);
    await git(folder, "commit", "--quiet", "-m", "Submodule");
    const refs = ["main", "refs/notes/commits"];
    await git(folder, ...speak, "push", "--quiet", "--atomic", "-o", "ci.skip", remote, ...refs);
    const other = await clone(remote);
    await git(other, ...speak, "fetch", "--quiet", "origin", "refs/notes/*:refs/notes/*");
    expect(await git(other, "notes", "show", "HEAD~1")).toBe("a note");
    const refused = await tryGit(
      folder,
      ...speak,
      "push",
      "--atomic",
      remote,
      "main:fine",
      "v1^{tree}:refs/heads/tree",
    );
    expect(refused.stderr).toContain("fine (atomic push failure)");
    expect(await git(root, "ls-remote", remote, "fine")).toBe("");
    const own = ["refs/pull/1/head", "refs/plue/x"].map((ref) => `main:${ref}`);
    const { stderr } = await tryGit(folder, ...speak, "push", remote, ...own);
    expect(stderr).toContain("this repository takes only refs/heads, refs/tags, refs/notes");
    expect(stderr).toContain("refs/plue belongs to this site");
  });

  it("tells a repository of other hashes that it can't be one", async () => {
    const { remote } = await makeHistory();
    const folder = fresh();
    await git(root, "init", "--quiet", "--object-format=sha256", folder);
    await commitFiles(folder, { a: "1\n" }, "First");
    expect((await tryGit(folder, ...speak, "push", remote, "HEAD:x")).stderr).toContain("hash algorithm");
  });
});

describe("a partial clone", () => {
  it.each(["blob:none", "tree:0", "tree:1", "blob:limit=1k", "combine:blob:none+tree:3"])(
    "by %s fetches what it lacks when it is needed",
    async (filter) => {
      const { remote, folder } = await makeHistory();
      const partial = fresh();
      await git(root, "clone", "--quiet", "--no-checkout", `--filter=${filter}`, remote, partial);
      const missing = await git(partial, "rev-list", "--objects", "--all", "--missing=print");
      expect(missing).toMatch(/^\?/m);
      expect(await git(partial, "log", "--patch", "--format=%s")).toBe(
        await git(folder, "log", "--patch", "--format=%s"),
      );
      await check(partial);
    },
  );
});

describe("a bundle", () => {
  // "0016command=bundle-uri" and a flush: newer git than some have asks this itself.
  async function findOffer(remote: string): Promise<string | undefined> {
    const { origin, pathname } = new URL(remote);
    const response = await fetch(`${origin}${pathname}/git-upload-pack`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${plue.token}`,
        "content-type": "application/x-git-upload-pack-request",
        "git-protocol": "version=2",
      },
      body: "0016command=bundle-uri0000",
    });
    return /bundle\.base\.uri=(\S+)/.exec(await response.text())?.[1];
  }

  it("of a private repository brings a clone most of the way, and is a repository by itself", async () => {
    const { remote } = await makeRepository(plue, true);
    const folder = await makeWorkTree("bundle", { large: randomBytes(1_200_000).toString("base64") });
    await git(folder, "tag", "-a", "v1", "-m", "one");
    await git(folder, "push", "--quiet", remote, "main", "v1");
    const offer = await findOffer(remote);
    const bundled = await git(folder, "rev-parse", "main");
    const last = await commitFiles(folder, { small: "1\n" }, "Second");
    await git(folder, "push", "--quiet", remote, "main");

    const helped = fresh();
    await git(root, "clone", "--quiet", `--bundle-uri=${remote}/${offer}`, remote, helped);
    expect(await git(helped, "rev-parse", "main", "refs/bundles/main")).toBe(`${last}\n${bundled}`);
    await check(helped);

    const file = join(root, "large.bundle");
    const { origin, pathname } = new URL(`${remote}/${offer}`);
    const headers = { authorization: `Bearer ${plue.token}` };
    const response = await fetch(origin + pathname, { headers });
    writeFileSync(file, new Uint8Array(await response.arrayBuffer()));
    const alone = fresh();
    await git(root, "clone", "--quiet", file, alone);
    expect(await git(alone, "rev-parse", "main", "v1^{}")).toBe(`${bundled}\n${bundled}`);
    await check(alone);
    expect((await fetch(origin + pathname)).status).toBe(401);
  });

  it("is asked for by newer git itself, and nothing is lost where none is offered any more", async () => {
    const { remote } = await makeRepository(plue, true);
    const folder = await makeWorkTree("offered", { large: randomBytes(1_200_000).toString("base64") });
    await git(folder, "push", "--quiet", remote, "main");
    const [, minor = ""] = /git version 2\.(\d+)/.exec(await git(root, "version")) ?? [];
    const asks = Number(minor) >= 40;
    const cloneAsking = async () => {
      const copy = fresh();
      await git(root, "-c", "transfer.bundleURI=true", "clone", "--quiet", remote, copy);
      await check(copy);
      return git(copy, "for-each-ref", "--format=%(refname)", "refs/bundles");
    };
    expect(await findOffer(remote)).toMatch(/^bundles\/[0-9a-f]{40}-/);
    expect(await cloneAsking()).toBe(asks ? "refs/bundles/main" : "");
    const small = await git(folder, "commit-tree", "-m", "Small", await git(folder, "mktree"));
    await git(folder, "push", "--quiet", "--force", remote, `${small}:refs/heads/main`);
    expect(await findOffer(remote)).toBeUndefined();
    expect(await cloneAsking()).toBe("");
  });
});

describe("what is common", () => {
  it("can be asked without fetching, and keeps a push small", async () => {
    const { remote, folder } = await makeHistory();
    const other = fresh();
    await git(root, "clone", "--quiet", remote, other);
    const shared = await git(other, "rev-parse", "HEAD");
    const last = await commitFiles(other, { mine: "mine\n" }, "Mine");
    const common = ["fetch", "--negotiate-only", `--negotiation-tip=${last}`, "origin"];
    expect((await git(other, ...common)).split("\n")).toContain(shared);
    await git(folder, "push", "--quiet", "--force", remote, "main~2:refs/heads/main");
    await git(other, "-c", "push.negotiate=true", "push", "--quiet", "origin", "HEAD:refs/heads/mine");
    expect(await git(root, "ls-remote", remote, "mine")).toContain(last);
  });
});

describe("a repository's first push", () => {
  it("of a branch with another name makes it the default one", async () => {
    const { remote } = await makeRepository(plue);
    const folder = await makeWorkTree("master", { a: "1\n" });
    await git(folder, "push", "--quiet", remote, "main:master", "main:topic");
    const copy = fresh();
    await git(root, "clone", "--quiet", remote, copy);
    expect(await git(copy, "symbolic-ref", "--short", "HEAD")).toBe("master");
    expect((await tryGit(copy, "push", "origin", ":master")).stderr).toContain("current branch prohibited");
  });
});

describe("fetching by id", () => {
  it("gives one commit, as the runner checks it out", async () => {
    const { remote, folder } = await makeHistory();
    const oid = await git(folder, "rev-parse", "HEAD~1");
    const target = await makeWorkTree("runner", {});
    await git(target, "fetch", "--quiet", "--depth=1", remote, oid);
    await git(target, "checkout", "--quiet", "FETCH_HEAD");
    expect(await subjects(target)).toEqual(["Change 3"]);
    rmSync(target, { recursive: true });
  });

  it("gives nothing that no ref reaches", async () => {
    const { remote, folder } = await makeHistory();
    const lost = await git(folder, "rev-parse", "main");
    await git(folder, "push", "--quiet", "--force", remote, "main~2:main", ":v1", ":v1-nested", ":light");
    const asked = await tryGit(
      folder,
      "-c",
      "fetch.negotiationAlgorithm=noop",
      "fetch",
      "--refetch",
      remote,
      lost,
    );
    expect(asked.stderr).toContain(`not our ref ${lost}`);
  });
});

describe("two people at once", () => {
  it("who push to one branch: exactly one succeeds, and the other's next try does", async () => {
    const { remote } = await makeHistory();
    const folders = [fresh(), fresh(), fresh()];
    for (const [at, folder] of folders.entries()) {
      await git(root, "clone", "--quiet", remote, folder);
      await commitFiles(folder, { [`by-${at}`]: `${at}\n` }, `By ${at}`);
    }
    const results = await Promise.all(folders.map((folder) => tryGit(folder, "push", "origin", "main")));
    expect(results.filter(({ code }) => code === 0)).toHaveLength(1);
    for (const { code, stderr } of results)
      if (code !== 0) expect(stderr).toMatch(/rejected.*\(fetch first\)/);
    for (const folder of folders) {
      await git(folder, "pull", "--quiet", "--rebase", "origin", "main");
      await git(folder, "push", "--quiet", "origin", "main");
    }
    const whole = fresh();
    await git(root, "clone", "--quiet", remote, whole);
    await check(whole);
    expect((await subjects(whole, "-3")).sort()).toEqual(["By 0", "By 1", "By 2"]);
  });
});

describe("who may not", () => {
  it("is told why: a bad token, no token, a repository that isn't there", async () => {
    const { name, remote } = await makeRepository(plue, true);
    const bad = remote.replace(plue.token, "plue_nonsense");
    expect((await tryGit(root, "ls-remote", bad)).stderr).toContain("Authentication failed");
    const anonymous = remote.replace(/\/\/.*@/, "//");
    expect((await tryGit(root, "ls-remote", anonymous)).stderr).toContain("could not read Username");
    const missing = await tryGit(root, "ls-remote", remoteOf(plue, `${name}-not`));
    expect(missing.stderr).toMatch(/remote: Repository \S+ not found, or this token has no access to it\./);
  });
});
