// Plue's git server against stock git's, side by side: random repositories are pushed to both in random steps, and pairs
// of clients then clone and fetch from each in every way git has. Invariant: the two of a pair are equal to the object.
// PLUE_CASES sets how many clones and fetches are compared.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createSeededRandom, type SeededRandom } from "../scripts/bench/seeded-random.ts";
import { makeRepository } from "./forge-client.ts";
import { git, makeFolder, removeFolder, tryGit } from "./git-client.ts";
import { type StockServer, startStockServer } from "./git-http-backend.ts";
import { type ClientNature, type FetchScene, planNext, planStart } from "./git-random-fetch.ts";
import { type RandomHistory, type RefState, writeRandomHistory } from "./git-random-history.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

const STARTS_PER_STATE = 3;
/** Of four states: three new pairs at each, and one more step of every pair at each later one. */
const CASES_PER_SEED = 4 * STARTS_PER_STATE + 6 * STARTS_PER_STATE;
const caseCount = Number(process.env.PLUE_CASES ?? 210);
const firstSeed = Number(process.env.PLUE_SEED ?? 1);
const seeds = Array.from({ length: Math.ceil(caseCount / CASES_PER_SEED) }, (_, at) => firstSeed + at);

let plue: RunningPlue;
let stock: StockServer;
let root: string;

beforeAll(async () => {
  root = makeFolder("differential");
  [plue, stock] = await Promise.all([startPlue(), startStockServer()]);
});

afterAll(async () => {
  stock?.stop();
  await plue?.stop();
  removeFolder(root);
});

interface Pair {
  readonly nature: ClientNature;
  readonly plueFolder: string;
  readonly stockFolder: string;
}

/** One repository on both servers, and all that was done with it, for whoever looks into a failure. */
class Comparison {
  readonly said: string[] = [];
  private readonly random: SeededRandom;
  private readonly folder: string;
  private readonly history: RandomHistory;
  private readonly urls: { plue: string; pluePush: string; stock: string };
  private readonly pairs: Pair[] = [];
  private startCount = 0;

  constructor(seed: number, folder: string, history: RandomHistory, urls: Comparison["urls"]) {
    this.random = createSeededRandom(seed + 1_000_000);
    this.folder = folder;
    this.history = history;
    this.urls = urls;
  }

  async run(): Promise<void> {
    let before: RefState = new Map();
    for (const state of this.history.states) {
      await this.push(before, state);
      before = state;
      const scene = { random: this.random, history: this.history, state };
      for (const pair of this.pairs) await this.step(pair, planNext(scene, pair.nature));
      for (let at = 0; at < STARTS_PER_STATE; at++) await this.start(scene);
    }
  }

  private async push(before: RefState, after: RefState): Promise<void> {
    const specs = [...after].flatMap(([name, oid]) => (before.get(name) === oid ? [] : [`+${oid}:${name}`]));
    for (const name of before.keys()) if (!after.has(name)) specs.push(`:${name}`);
    if (specs.length === 0) return;
    const flags = this.random.pick([
      [],
      ["-c", "protocol.version=0"],
      ["-c", "http.postBuffer=1000"],
      ["-c", "pack.compression=0"],
    ]);
    const args = [...flags, "push", "--quiet", ...this.random.pick([[], ["--atomic"], ["--no-thin"]])];
    this.said.push(`${args.join(" ")} URL ${specs.join(" ")}`);
    await Promise.all(
      [this.urls.pluePush, this.urls.stock].map((url) => git(this.history.folder, ...args, url, ...specs)),
    );
    const [ours, theirs] = await Promise.all(
      [this.urls.plue, this.urls.stock].map((url) => git(this.folder, "ls-remote", "--symref", url)),
    );
    expect(ours).toBe(theirs);
  }

  private async start(scene: FetchScene): Promise<void> {
    const number = this.startCount++;
    const { nature, commands } = planStart(scene);
    const pair = {
      nature,
      plueFolder: join(this.folder, `plue-${number}`),
      stockFolder: join(this.folder, `stock-${number}`),
    };
    for (const folder of [pair.plueFolder, pair.stockFolder]) mkdirSync(folder);
    for (const command of commands.slice(0, -1)) await this.runBoth(pair, command);
    const isMade = await this.step(pair, commands.at(-1) ?? []);
    if (isMade) this.pairs.push(pair);
  }

  /** Runs a command in both of a pair and compares what became of them. @returns whether it succeeded */
  private async step(pair: Pair, command: readonly string[]): Promise<boolean> {
    const [ours, theirs] = await this.runBoth(pair, command);
    this.said.push(`  both ended with ${ours.code}, ${theirs.code}: ${ours.stderr}${theirs.stderr}`);
    // Stock git was told to serve any object; Plue serves what its refs reach, and nothing else.
    const isOutOfReach = ours.code !== 0 && /not our ref/.test(ours.stderr);
    if (isOutOfReach) return false;
    // Behind an edge that it doesn't send stock git loses its way, and refuses to go on what it said itself.
    const isStockLost = theirs.code !== 0 && /error in object: unshallow/.test(theirs.stderr);
    if (isStockLost) return false;
    expect(ours.code).toBe(theirs.code);
    if (command.includes("clone") && ours.code !== 0) return false;
    const [left, right] = await Promise.all([readState(pair.plueFolder), readState(pair.stockFolder)]);
    expect(compareStates(left, right)).toEqual({ onlyFromPlue: [], onlyFromStock: [] });
    const check = await tryGit(
      pair.plueFolder,
      "fsck",
      "--full",
      "--strict",
      "--no-dangling",
      "--no-progress",
    );
    expect([check.code, check.stderr.replace(/^notice: .*$/gm, "").trim()]).toEqual([0, ""]);
    return true;
  }

  private runBoth(pair: Pair, command: readonly string[]) {
    const at = pair.plueFolder.split("-").at(-1);
    this.said.push(`${at}: git ${command.join(" ")}`);
    const runIn = (folder: string, url: string) =>
      tryGit(folder, "-c", "gc.auto=0", ...command.map((word) => (word === "URL" ? url : word)));
    return Promise.all([
      runIn(pair.plueFolder, this.urls.plue),
      runIn(pair.stockFolder, this.urls.stock),
    ] as const);
  }
}

/** All that a fetch can change in a client. */
async function readState(folder: string): Promise<Set<string>> {
  const lines = async (...args: string[]) => (await git(folder, ...args)).split("\n");
  const gitFolder = existsSync(join(folder, ".git")) ? join(folder, ".git") : folder;
  const read = (name: string): string => {
    const file = join(gitFolder, name);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };
  const [refs, objects] = await Promise.all([
    lines("for-each-ref", "--format=%(objectname) %(refname) %(symref)"),
    lines("cat-file", "--batch-all-objects", "--batch-check", "--unordered"),
  ]);
  const fetched = read("FETCH_HEAD")
    .replaceAll(/(of )?http\S+$/gm, "")
    .split("\n");
  const edge = read("shallow").split("\n").filter(Boolean);
  const shallow = edge.length === 0 ? [] : await findReached(folder, edge, fetched);
  const named = { refs, objects, shallow, fetched };
  return new Set(Object.entries(named).flatMap(([name, all]) => all.map((line) => `${name}: ${line}`)));
}

/** Those of the edge that history leads to. Stock git at times names others behind them (--shallow-since); Plue doesn't. */
async function findReached(folder: string, edge: string[], fetched: string[]): Promise<string[]> {
  const tips = fetched.map((line) => line.slice(0, 40)).filter(Boolean);
  const reached = new Set((await git(folder, "rev-list", "--all", ...tips)).split("\n"));
  return edge.filter((oid) => reached.has(oid));
}

function compareStates(ours: Set<string>, theirs: Set<string>) {
  return {
    onlyFromPlue: [...ours].filter((line) => !theirs.has(line)),
    onlyFromStock: [...theirs].filter((line) => !ours.has(line)),
  };
}

const timeout = 300_000;

it.concurrent.each(seeds)(
  "a client can't tell Plue from stock git, repository %i",
  { timeout },
  async (seed) => {
    const folder = join(root, String(seed));
    mkdirSync(join(folder, "source"), { recursive: true });
    const history = await writeRandomHistory(join(folder, "source"), seed);
    const { name, remote } = await makeRepository(plue);
    const comparison = new Comparison(seed, folder, history, {
      plue: `${plue.url}/admin/${name}.git`,
      pluePush: remote,
      stock: await stock.create(name),
    });
    try {
      await comparison.run();
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      const again = `PLUE_SEED=${seed} PLUE_CASES=1 npm test -- git-differential`;
      throw new Error(`${what}\n${again}\n${comparison.said.join("\n")}`, { cause: error });
    }
    removeFolder(folder);
  },
);
