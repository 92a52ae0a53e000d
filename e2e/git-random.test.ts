// Random histories are pushed step by step, and asked for in random ways by clients old and new: every answer is sound
// and says what the history says. PLUE_GIT_SEEDS=20 tries more histories.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRepository } from "./forge-client.ts";
import { git, makeFolder, removeFolder, tryGit } from "./git-client.ts";
import { RandomHistory } from "./random-history.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

const SEEDS = Array.from({ length: Number(process.env.PLUE_GIT_SEEDS ?? 2) }, (_, at) => at + 1);
const STEPS = 10;
// git's own words where a random question has no answer.
const NO_ANSWER = /no commits selected|ambiguous deepen-not|error processing shallow info/;

let plue: RunningPlue;
const root = makeFolder("random");

beforeAll(async () => {
  plue = await startPlue();
});
afterAll(async () => {
  removeFolder(root);
  await plue?.stop();
});

const check = (folder: string) => git(folder, "fsck", "--full", "--strict", "--no-dangling");

async function listObjects(folder: string, ...args: string[]): Promise<string[]> {
  return (await git(folder, "rev-list", "--objects", "--no-object-names", ...args)).split("\n").sort();
}

interface Client {
  folder: string;
  kind: "mirror" | "shallow" | "partial";
}

class World {
  readonly clients: Client[] = [];
  private readonly history: RandomHistory;
  private readonly remote: string;
  private readonly folder: string;

  constructor(history: RandomHistory, remote: string, folder: string) {
    this.history = history;
    this.remote = remote;
    this.folder = folder;
  }

  private speak(): string[] {
    return ["-c", `protocol.version=${this.history.random.below(3) === 0 ? 0 : 2}`];
  }

  async push(): Promise<void> {
    const thin = this.history.random.below(3) === 0 ? ["--no-thin"] : [];
    const refs = ["refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*"];
    await git(
      this.history.folder,
      ...this.speak(),
      "push",
      "--quiet",
      ...thin,
      "--force",
      this.remote,
      ...refs,
    );
  }

  async clone(step: number): Promise<void> {
    const { random } = this.history;
    const mirror = join(this.folder, `mirror-${step}`);
    await git(root, ...this.speak(), "clone", "--quiet", "--mirror", this.remote, mirror);
    await this.compare(mirror);
    if (random.below(3) === 0) this.clients.push({ folder: mirror, kind: "mirror" });
    else rmSync(mirror, { recursive: true });
    if (random.below(2) === 0) await this.cloneShallowly(step);
    if (random.below(3) === 0) await this.clonePartially(step);
  }

  private async compare(folder: string): Promise<void> {
    await check(folder);
    expect(await listObjects(folder, "--all")).toEqual(await listObjects(this.history.folder, "--all"));
  }

  private async cloneShallowly(step: number): Promise<void> {
    const { random } = this.history;
    const folder = join(this.folder, `shallow-${step}`);
    const how = random.pick([
      `--depth=${1 + random.below(5)}`,
      `--shallow-since=${this.history.pickTime()}`,
      `--shallow-exclude=t${random.below(8)}`,
    ]);
    const args = [...this.speak(), "clone", "--quiet", "--no-single-branch", how, this.remote, folder];
    const { code, stderr } = await tryGit(root, ...args);
    if (code !== 0) return expect(stderr).toMatch(NO_ANSWER);
    await check(folder);
    this.clients.push({ folder, kind: "shallow" });
  }

  private async clonePartially(step: number): Promise<void> {
    const { random } = this.history;
    const folder = join(this.folder, `partial-${step}`);
    const filter = random.pick([
      "blob:none",
      "tree:0",
      "tree:2",
      "blob:limit=2k",
      "combine:tree:3+blob:limit=1k",
    ]);
    await git(root, "clone", "--quiet", `--filter=${filter}`, this.remote, folder);
    await check(folder);
    const head = await git(folder, "rev-parse", "HEAD");
    expect(await listObjects(folder, "HEAD")).toEqual(await listObjects(this.history.folder, head));
    this.clients.push({ folder, kind: "partial" });
  }

  async fetch(): Promise<void> {
    const { random } = this.history;
    for (const { folder, kind } of this.clients) {
      if (random.below(3) > 0) continue;
      const isShallow = (await git(folder, "rev-parse", "--is-shallow-repository")) === "true";
      const deeper = random.pick([[], [], [`--deepen=${1 + random.below(4)}`], ["--unshallow"]]);
      const prune = kind === "mirror" ? ["--prune"] : [];
      await git(
        folder,
        ...this.speak(),
        "fetch",
        "--quiet",
        "--force",
        "--tags",
        ...prune,
        ...(isShallow ? deeper : []),
      );
      if (kind === "mirror") await this.compare(folder);
      else await check(folder);
    }
  }
}

describe("a random history", () => {
  it.each(SEEDS)("from seed %i is served to every client as it is", async (seed) => {
    const folder = join(root, `seed-${seed}`);
    const history = new RandomHistory(join(folder, "source"), seed);
    await history.start();
    const { remote } = await makeRepository(plue);
    const world = new World(history, remote, folder);
    for (let step = 0; step < STEPS; step++) {
      await history.live();
      await world.push();
      await world.clone(step);
      await world.fetch();
    }
  });
});
