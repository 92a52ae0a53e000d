// Clones and fetches made up from a seed, as arguments for git: every way that git has to ask for a part of history.
// Invariant: what is asked for exists in the repository's state, or no longer does, which git refuses too.
import { execFileSync } from "node:child_process";
import type { SeededRandom } from "../scripts/bench/seeded-random.ts";
import type { RandomHistory, RefState } from "./git-random-history.ts";

export interface FetchScene {
  readonly random: SeededRandom;
  readonly history: RandomHistory;
  readonly state: RefState;
}

/** How a client came to be, which limits what it can do later. */
export interface ClientNature {
  readonly isFiltered: boolean;
  readonly isShallow: boolean;
  readonly hasWorkTree: boolean;
}

/** Commands that make a client from nothing; `URL` stands for the repository's address. */
interface ClientStart {
  readonly nature: ClientNature;
  readonly commands: readonly string[][];
}

/** The protocol's version, v2 most often. */
function pickVersion(random: SeededRandom): string[] {
  return ["-c", `protocol.version=${random.pick([2, 2, 2, 0, 0, 1])}`];
}

function pickFrom<Value>(random: SeededRandom, values: readonly Value[]): Value {
  const value = values[random.below(values.length)];
  if (value === undefined) throw new Error("there is nothing to choose from");
  return value;
}

function pickRef({ random, state }: FetchScene, prefix: string): string {
  const names = [...state.keys()].filter((name) => name.startsWith(prefix));
  return names.length === 0 ? "refs/heads/main" : pickFrom(random, names);
}

function shorten(ref: string): string {
  return ref.replace(/^refs\/(heads|tags)\//, "");
}

function pickDepth(scene: FetchScene): string[] {
  const { random, history } = scene;
  const roll = random.below(10);
  if (roll < 6) return [`--depth=${1 + random.below(roll < 4 ? 5 : 25)}`];
  if (roll < 8) return [`--shallow-since=@${pickFrom(random, history.times)}`];
  return [`--shallow-exclude=${pickRef(scene, random.pick(["refs/heads/", "refs/tags/light"]))}`];
}

function pickFilter(random: SeededRandom): string[] {
  const limit = `blob:limit=${random.pick(["0", "1", "100", "1k", "20k", "1m"])}`;
  const depth = `tree:${random.below(5)}`;
  return [
    `--filter=${random.pick(["blob:none", "blob:none", limit, limit, depth, `combine:${limit}+${depth}`])}`,
  ];
}

/** A way to begin. */
export function planStart(scene: FetchScene): ClientStart {
  const { random, state } = scene;
  const roll = random.below(100);
  const clone = (nature: Partial<ClientNature>, ...more: string[]): ClientStart => {
    const all = { isFiltered: false, isShallow: false, hasWorkTree: !more.includes("--bare"), ...nature };
    const checkout = all.hasWorkTree ? ["--no-checkout"] : [];
    return {
      nature: all,
      commands: [[...pickVersion(random), "clone", "--quiet", ...checkout, ...more, "URL", "."]],
    };
  };
  if (roll < 12) return clone({ hasWorkTree: false }, "--mirror");
  if (roll < 20) return clone({}, ...random.pick([["--bare"], [], ["--no-tags"]]));
  if (roll < 28) {
    return clone({}, "--single-branch", `--branch=${shorten(pickRef(scene, "refs/heads/"))}`);
  }
  if (roll < 33) return clone({}, "--bare", `--branch=${shorten(pickRef(scene, "refs/tags/light"))}`);
  if (roll < 58) {
    const breadth = random.pick([[], ["--no-single-branch"], ["--no-single-branch", "--no-tags"]]);
    return clone({ isShallow: true }, ...pickDepth(scene), ...breadth);
  }
  if (roll < 78) return clone({ isFiltered: true }, ...pickFilter(random), ...random.pick([[], ["--bare"]]));
  if (roll < 84) {
    return clone({ isFiltered: true, isShallow: true }, ...pickFilter(random), ...pickDepth(scene));
  }
  const depth = random.below(3) === 0 ? pickDepth(scene) : [];
  const what = random.pick([pickFrom(random, [...state.values()]), pickRef(scene, "refs/")]);
  return {
    nature: { isFiltered: false, isShallow: depth.length > 0, hasWorkTree: false },
    commands: [
      ["init", "--quiet", "--bare", "."],
      ["remote", "add", "origin", "URL"],
      [...pickVersion(random), "fetch", "--quiet", ...depth, "origin", what],
    ],
  };
}

// Since git 2.54 --deepen counts from what is wanted to the nearest end of history, as Plue does; before, from every end.
const hasDepthFromTips = hasGitVersion(2, 54);

function hasGitVersion(major: number, minor: number): boolean {
  const found = /(\d+)\.(\d+)/.exec(execFileSync("git", ["--version"], { encoding: "utf8" }));
  const [foundMajor, foundMinor] = [Number(found?.[1]), Number(found?.[2])];
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}

/** What a client does next. */
export function planNext(scene: FetchScene, nature: ClientNature): string[] {
  const { random, history, state } = scene;
  const fetch = (...args: string[]): string[] => [...pickVersion(random), "fetch", "--quiet", ...args];
  const roll = random.below(100);
  if (nature.isShallow && roll < 45) {
    return fetch(
      ...random.pick([
        [...pickDepth(scene), "origin"],
        ...(hasDepthFromTips ? [[`--deepen=${1 + random.below(6)}`, "origin"]] : []),
        [...pickDepth(scene), "origin"],
        [...pickDepth(scene), "--tags", "origin"],
        ["--unshallow", "origin"],
      ]),
    );
  }
  if (nature.isFiltered && roll < 30) {
    if (nature.hasWorkTree && roll < 20) {
      return [
        ...pickVersion(random),
        "checkout",
        "--quiet",
        "--force",
        "--detach",
        state.get("refs/heads/main") ?? "",
      ];
    }
    return [...pickVersion(random), "cat-file", "-p", pickFrom(random, [...state.values()])];
  }
  if (roll < 60) return fetch("--prune", "origin");
  if (roll < 66) return fetch("--tags", "--force", "origin");
  if (roll < 70) return fetch("--no-tags", "origin");
  if (roll < 76)
    return fetch("origin", pickRef(scene, random.pick(["refs/heads/", "refs/tags/", "refs/notes/"])));
  if (roll < 84) return fetch("origin", pickFrom(random, [...state.values()]));
  // One that may be out of every ref's reach by now: what is asked of a stranger must be refused by Plue.
  if (roll < 88) return fetch("origin", pickFrom(random, history.commits.slice(0, 5)));
  if (roll < 92) return fetch("--refetch", "origin");
  return fetch("--force", "origin", "+refs/*:refs/mirror/*");
}
