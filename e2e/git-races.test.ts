// Many clients at one repository at once. Invariant: of pushes to one ref exactly one wins and the others are told to
// fetch first; nothing that was reported as landed is ever lost; what is cloned meanwhile is whole.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRepository } from "./forge-client.ts";
import { git, makeFolder, makeWorkTree, removeFolder, tryGit } from "./git-client.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

const CLIENTS = 50;
/** Rounds in which all that haven't landed push at once. After them a few at a time try until all have. */
const FULL_ROUNDS = Number(process.env.PLUE_RACE_ROUNDS ?? 2);
const AT_ONCE = 3;

let plue: RunningPlue;
let root: string;

beforeAll(async () => {
  root = makeFolder("races");
  plue = await startPlue();
});

afterAll(async () => {
  await plue?.stop();
  removeFolder(root);
});

const numbers = Array.from({ length: CLIENTS }, (_, at) => at);

class Client {
  readonly number: number;
  readonly folder: string;
  /** The commit that is to land. */
  tip = "";
  private tree = "";

  constructor(number: number, folder: string) {
    this.number = number;
    this.folder = folder;
  }

  async begin(first: string, remote: string): Promise<void> {
    const { folder, number } = this;
    await git(root, "init", "--quiet", "--bare", folder);
    await git(folder, "remote", "add", "origin", remote);
    await git(folder, "fetch", "--quiet", first, "main");
    const file = join(folder, "change");
    writeFileSync(file, `The change of client ${number}.\n`);
    const blob = await git(folder, "hash-object", "-w", file);
    await git(folder, "update-index", "--add", "--cacheinfo", `100644,${blob},changes/${number}`);
    this.tree = await git(folder, "write-tree");
    await this.commitOnTop();
  }

  /** Puts the client's change on what others did meanwhile. */
  async catchUp(): Promise<void> {
    await git(this.folder, "fetch", "--quiet", "origin", "main");
    await this.commitOnTop();
  }

  /** Pushes the client's change to a branch. @returns whether it landed; if not, it was told to fetch first */
  async push(branch: string): Promise<boolean> {
    const spec = `${this.tip}:refs/heads/${branch}`;
    const { code, stderr, stdout } = await tryGit(this.folder, "push", "--porcelain", "origin", spec);
    if (code === 0) return true;
    expect(stdout + stderr).toContain("(fetch first)");
    return false;
  }

  private async commitOnTop(): Promise<void> {
    const message = `Change ${this.number}`;
    this.tip = await git(this.folder, "commit-tree", "-p", "FETCH_HEAD", "-m", message, this.tree);
  }
}

/** Clients that share nothing but the first commit, which is on `main` already. */
async function makeClients(name: string, remote: string): Promise<Client[]> {
  const first = await makeWorkTree(`races-${name}`, { "README.md": "Read me\n" });
  await git(first, "push", "--quiet", remote, "main");
  const clients = numbers.map((number) => new Client(number, join(root, `${name}-${number}`)));
  await Promise.all(clients.map((client) => client.begin(first, remote)));
  removeFolder(first);
  return clients;
}

/** Clones over and over, and checks each clone, until told to stop. @returns how many there were */
async function cloneUntil(signal: AbortSignal, url: string): Promise<number> {
  let count = 0;
  for (; !signal.aborted; count++) {
    const folder = join(root, `clone-${count}`);
    await git(root, "clone", "--quiet", "--mirror", url, folder);
    await git(folder, "fsck", "--full", "--strict");
    rmSync(folder, { recursive: true });
  }
  return count;
}

describe("pushes at once", () => {
  it("to branches of their own all land, and clones meanwhile are whole", async () => {
    const { name, remote } = await makeRepository(plue);
    const clients = await makeClients("branches", remote);
    const stop = new AbortController();
    const clones = cloneUntil(stop.signal, remote);
    const landed = await Promise.all(clients.map((client) => client.push(`topic-${client.number}`)));
    stop.abort();
    expect(landed).toEqual(numbers.map(() => true));
    expect(await clones, name).toBeGreaterThan(0);
    const advertised = await git(root, "ls-remote", remote, "refs/heads/topic-*");
    expect(advertised.split("\n").sort()).toEqual(
      clients.map(({ tip, number }) => `${tip}\trefs/heads/topic-${number}`).sort(),
    );
  });

  it("to one branch: one wins each round, and all land in the end", async () => {
    const { remote } = await makeRepository(plue);
    let waiting = await makeClients("one", remote);
    const stop = new AbortController();
    const clones = cloneUntil(stop.signal, remote);
    for (let round = 0; round < FULL_ROUNDS; round++) {
      const landed = await Promise.all(waiting.map((client) => client.push("main")));
      expect(landed.filter(Boolean)).toHaveLength(1);
      waiting = waiting.filter((_, at) => !landed[at]);
      await Promise.all(waiting.map((client) => client.catchUp()));
    }
    const queue = waiting.values();
    const land = async () => {
      for (const client of queue) while (!(await client.push("main"))) await client.catchUp();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, land));
    stop.abort();
    await clones;
    const copy = join(root, "copy");
    mkdirSync(copy);
    await git(copy, "clone", "--quiet", "--bare", remote, ".");
    await git(copy, "fsck", "--full", "--strict");
    const subjects = await git(copy, "log", "--first-parent", "--format=%s", "main");
    expect(subjects.split("\n").sort()).toEqual(["First", ...numbers.map((at) => `Change ${at}`)].sort());
  });
});
