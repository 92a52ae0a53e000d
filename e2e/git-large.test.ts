// A repository of 30 MB goes in and comes out, whole and in pieces; and isomorphic-git, which shares no code with git.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import fs from "node:fs/promises";
import { join } from "node:path";
import isomorphic from "isomorphic-git";
import http from "isomorphic-git/http/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateRepository, PLANS } from "../scripts/bench/generate-repository.ts";
import { makeRepository } from "./forge-client.ts";
import { commitFiles, git, makeFolder, makeWorkTree, removeFolder } from "./git-client.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

let plue: RunningPlue;
const root = makeFolder("large");

beforeAll(async () => {
  plue = await startPlue();
});
afterAll(async () => {
  removeFolder(root);
  await plue?.stop();
});

describe("a repository of 30 MB", () => {
  it("is pushed, cloned, and fetched from, and every clone is sound", async () => {
    const source = join(root, "source.git");
    await generateRepository(source, PLANS.moderate);
    const { remote } = await makeRepository(plue);
    await git(source, "push", "--quiet", remote, "main~3:refs/heads/main", "--tags");
    const clone = join(root, "clone");
    await git(root, "clone", "--quiet", "--bare", remote, clone);
    await git(clone, "fsck", "--full", "--strict");
    const packs = readdirSync(join(clone, "objects/pack")).filter((name) => name.endsWith(".pack"));
    expect(statSync(join(clone, "objects/pack", packs[0] ?? "")).size).toBeGreaterThan(28_000_000);
    await git(source, "push", "--quiet", remote, "main");
    await git(clone, "fetch", "--quiet", remote, "main:main");
    expect(await git(clone, "rev-parse", "main")).toBe(await git(source, "rev-parse", "main"));
    await git(clone, "fsck", "--full", "--strict");
    const shallow = join(root, "shallow");
    await git(root, "clone", "--quiet", "--depth=1", remote, shallow);
    await git(shallow, "fsck", "--full", "--strict");
    expect(existsSync(join(shallow, "core"))).toBe(true);
  });
});

describe("isomorphic-git", () => {
  it("clones, pushes and fetches", async () => {
    const { remote } = await makeRepository(plue);
    const folder = await makeWorkTree("isomorphic", { "a.txt": "one\n", "d/b.txt": "two\n" });
    await git(folder, "tag", "-a", "v1", "-m", "one");
    await git(folder, "push", "--quiet", remote, "main", "v1");
    const url = remote.replace(/\/\/.*@/, "//");
    const onAuth = () => ({ username: "admin", password: plue.token });
    const dir = join(root, "isomorphic");
    const common = { fs: { promises: fs }, http, dir, onAuth };
    await isomorphic.clone({ ...common, url });
    expect(readFileSync(join(dir, "d/b.txt"), "utf8")).toBe("two\n");
    expect(await isomorphic.listTags(common)).toEqual(["v1"]);
    await fs.writeFile(join(dir, "c.txt"), "three\n");
    await isomorphic.add({ ...common, filepath: "c.txt" });
    const author = { name: "I", email: "i@example.com" };
    const oid = await isomorphic.commit({ ...common, message: "Third", author });
    const pushed = await isomorphic.push({ ...common, ref: "main" });
    expect(pushed.ok).toBe(true);
    await git(folder, "pull", "--quiet", remote, "main");
    expect(await git(folder, "rev-parse", "HEAD")).toBe(oid);
    const next = await commitFiles(folder, { "a.txt": "four\n" }, "Fourth");
    await git(folder, "push", "--quiet", remote, "main");
    const fetched = await isomorphic.fetch({ ...common, ref: "main", singleBranch: true });
    expect(fetched.fetchHead).toBe(next);
    const shallow = join(root, "isomorphic-shallow");
    await isomorphic.clone({ ...common, dir: shallow, url, depth: 1, singleBranch: true });
    expect(await isomorphic.log({ ...common, dir: shallow })).toHaveLength(1);
    await git(dir, "fsck", "--full", "--strict");
  });
});
