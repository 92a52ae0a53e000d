// Clients of git that aren't git: each makes a repository and pushes it, clones, fetches what another pushed, and puts
// something of its own onto that.
// Invariant: real git finds in each of their repositories what is in Plue, and nothing wrong with it.
import * as nodeFs from "node:fs";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as isomorphic from "isomorphic-git";
import http from "isomorphic-git/http/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRepository } from "./forge-client.ts";
import { commitFiles, git, makeFolder, removeFolder } from "./git-client.ts";
import { buildGoGit, buildJgit, type RunClient } from "./git-compiled-clients.ts";
import { dulwich, findPython, pygit2, runPython } from "./git-python-clients.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

let plue: RunningPlue;
let root: string;

beforeAll(async () => {
  root = makeFolder("clients");
  plue = await startPlue();
});

afterAll(async () => {
  await plue?.stop();
  removeFolder(root);
});

/** A client under test; what it does it does in the folder it is given. */
interface Client {
  /** Pushes a new repository to `main` and the annotated tag `v1`. */
  push(url: string, folder: string): Promise<void>;
  clone(url: string, folder: string): Promise<void>;
  /** Fetches into a clone. @returns the id of the remote's `main` as the client sees it */
  fetch(url: string, folder: string): Promise<string>;
  /** Puts a commit that adds `src/more` onto the remote's `main` and pushes it. @returns its id */
  commit(url: string, folder: string): Promise<string>;
  /** Clones with a depth of 1; null for a client that can't. */
  readonly shallow: ((url: string, folder: string) => Promise<void>) | null;
}

/** isomorphic-git takes no credentials from an address. */
function splitAddress(address: string) {
  const { username, password, origin, pathname } = new URL(address);
  return { fs: nodeFs, http, url: origin + pathname, onAuth: () => ({ username, password }) };
}

const isomorphicClient: Client = {
  async push(url, dir) {
    await isomorphic.init({ fs: nodeFs, dir, defaultBranch: "main" });
    mkdirSync(join(dir, "src"));
    writeFileSync(join(dir, "README.md"), "Read me\n");
    writeFileSync(join(dir, "src/large"), Buffer.alloc(400_000, "all the same "));
    for (const filepath of ["README.md", "src/large"]) {
      await isomorphic.add({ fs: nodeFs, dir, filepath });
    }
    const author = { name: "A", email: "a@example.com" };
    await isomorphic.commit({ fs: nodeFs, dir, message: "First", author });
    await isomorphic.annotatedTag({ fs: nodeFs, dir, ref: "v1", message: "First tag", tagger: author });
    for (const ref of ["main", "v1"]) {
      const result = await isomorphic.push({ ...splitAddress(url), dir, ref });
      expect(result.ok).toBe(true);
    }
  },
  async clone(url, dir) {
    await isomorphic.clone({ ...splitAddress(url), dir });
  },
  async fetch(url, dir) {
    const { fetchHead } = await isomorphic.fetch({ ...splitAddress(url), dir, ref: "main" });
    return fetchHead ?? "";
  },
  async commit(url, dir) {
    const author = { name: "A", email: "a@example.com" };
    const place = { ...splitAddress(url), dir, ref: "main" };
    await isomorphic.pull({ ...place, singleBranch: true, author });
    writeFileSync(join(dir, "src/more"), "More\n");
    await isomorphic.add({ fs: nodeFs, dir, filepath: "src/more" });
    const oid = await isomorphic.commit({ fs: nodeFs, dir, message: "More", author });
    expect((await isomorphic.push(place)).ok).toBe(true);
    return oid;
  },
  async shallow(url, dir) {
    await isomorphic.clone({ ...splitAddress(url), dir, depth: 1 });
  },
};

/** A client that is a program with a command for each task. */
function createClient(run: RunClient, canBeShallow = true): Client {
  return {
    push: async (url, folder) => void (await run("push", url, folder)),
    clone: async (url, folder) => void (await run("clone", url, folder)),
    fetch: (url, folder) => run("fetch", url, folder),
    commit: (url, folder) => run("commit", url, folder),
    shallow: canBeShallow ? async (url, folder) => void (await run("shallow", url, folder)) : null,
  };
}

/** The whole exchange between a client, Plue and real git. */
async function exchange(client: Client, name: string): Promise<void> {
  const { remote } = await makeRepository(plue, true);
  const makePlace = (what: string): string => {
    const path = join(root, `${name}-${what}`);
    mkdirSync(path);
    return path;
  };
  const pushed = makePlace("pushed");
  await client.push(remote, pushed);

  const judge = makePlace("judge");
  await git(judge, "clone", "--quiet", remote, ".");
  await git(judge, "fsck", "--full", "--strict");
  const first = await git(judge, "rev-parse", "main");
  expect(await git(pushed, "rev-parse", "HEAD", "v1^{}")).toBe(`${first}\n${first}`);
  expect(await git(judge, "rev-parse", "v1")).toBe(await git(pushed, "rev-parse", "v1"));
  expect(await git(judge, "cat-file", "-t", "v1")).toBe("tag");

  const copy = makePlace("copy");
  await client.clone(remote, copy);
  await git(copy, "fsck", "--full", "--strict");
  expect(await git(copy, "rev-parse", "HEAD")).toBe(first);
  expect(await git(copy, "status", "--porcelain")).toBe("");

  const next = await commitFiles(judge, { "src/next": "Next\n", "README.md": "Read me again\n" }, "Next");
  await git(judge, "push", "--quiet", remote, "main");
  expect(await client.fetch(remote, copy)).toBe(next);
  await git(copy, "fsck", "--full", "--strict");
  expect(await git(copy, "show", `${next}:src/next`)).toBe("Next");

  const more = await client.commit(remote, copy);
  await git(judge, "pull", "--quiet", remote, "main");
  expect(await git(judge, "rev-parse", "main", "main^")).toBe(`${more}\n${next}`);
  expect(await git(judge, "show", "main:src/more")).toBe("More");
  for (const folder of [copy, judge]) await git(folder, "fsck", "--full", "--strict");

  if (client.shallow === null) return;
  const shallow = makePlace("shallow");
  await client.shallow(remote, shallow);
  await git(shallow, "fsck", "--full", "--strict");
  expect(await git(shallow, "rev-list", "HEAD")).toBe(more);
}

describe("a client that isn't git pushes, clones and fetches:", () => {
  it("isomorphic-git", () => exchange(isomorphicClient, "isomorphic"));

  it.each([dulwich, pygit2])("$module", async (client) => {
    const python = findPython(client);
    const run: RunClient = async (command, url, folder) => runPython(python, client, command, url, folder);
    await exchange(createClient(run, client.shallow !== null), client.module);
  });

  it.each([
    ["go-git", buildGoGit],
    ["JGit", buildJgit],
  ])("%s", { timeout: 300_000 }, async (name, build) => {
    const folder = join(root, `${name}-program`);
    mkdirSync(folder);
    await exchange(createClient(await build(folder)), name);
  });
});
