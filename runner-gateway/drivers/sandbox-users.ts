/**
 * The two users of each sandbox: one runs the runner program, the other everything else in it. Both ids are picked
 * from a range in which the host has no users, so that they own no file of the host and no two sandboxes share one.
 */
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { isMissing } from "./host-process.ts";

/** Numeric ids, of the user and of its group alike. */
export type SandboxUsers = { runner: number; step: number };

/** Where there is only one id to be had: bubblewrap without root. */
export const singleUser: SandboxUsers = { runner: 65534, step: 65534 };

type IdRange = { first: number; count: number };

/** Above what account databases and containers use, below what overflows a signed 32-bit number. */
const wideRange: IdRange = { first: 0x78000000, count: 0x07000000 };

/** In a container that maps few ids: what systemd sets aside for users that come and go, below `nobody`. */
const narrowRange: IdRange = { first: 61_184, count: 4_336 };

export class SandboxUserPool {
  readonly #range: IdRange;
  readonly #used = new Set<number>();

  constructor(range: IdRange) {
    if (range.count < 2) throw new RangeError("a sandbox needs two user ids");
    this.#range = range;
  }

  /** A pair that no other sandbox of this process has; pairs of other processes differ by chance. */
  take(): SandboxUsers {
    const pairs = Math.floor(this.#range.count / 2);
    if (this.#used.size >= pairs) throw new Error("every user id set aside for sandboxes is in use");
    let runner: number;
    do runner = this.#range.first + 2 * randomInt(pairs);
    while (this.#used.has(runner));
    this.#used.add(runner);
    return { runner, step: runner + 1 };
  }

  giveBack({ runner }: SandboxUsers): void {
    this.#used.delete(runner);
  }
}

/** The range for this machine, read from what ids it maps and which of them it has given out. */
export function findUserRange(): IdRange {
  const maps = ["/proc/self/uid_map", "/proc/self/gid_map"].map(readIfThere);
  const accounts = ["/etc/passwd", "/etc/group", "/etc/subuid", "/etc/subgid"].map(readIfThere);
  return chooseUserRange(maps, accounts);
}

/**
 * The first of the ranges that every map holds and no account lies in.
 * @param maps texts of `/proc/self/uid_map` and `gid_map`, user_namespaces(7).
 * @param accounts texts of `/etc/passwd`, `/etc/subuid` and their like: `name:x:id:…` or `name:first:count`.
 */
export function chooseUserRange(maps: readonly string[], accounts: readonly string[]): IdRange {
  const taken = accounts.flatMap((text) => text.split("\n").flatMap(readAccount));
  const fits = (range: IdRange) =>
    maps.every((text) => listMapped(text).some((mapped) => holds(mapped, range))) &&
    !taken.some((account) => overlap(account, range));
  const chosen = [wideRange, narrowRange].find(fits);
  if (chosen === undefined) {
    throw new Error("no user ids are free for sandboxes: they need 61184 to 65519, or 2013265920 and above");
  }
  return chosen;
}

function listMapped(text: string): IdRange[] {
  return text
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([first = 0, , count = 0]) => ({ first, count }));
}

function readAccount(line: string): IdRange[] {
  const [, second = "", third = ""] = line.split(":");
  if (/^\d+$/.test(second) && /^\d+$/.test(third)) return [{ first: Number(second), count: Number(third) }];
  return /^\d+$/.test(third) ? [{ first: Number(third), count: 1 }] : [];
}

const holds = (outer: IdRange, inner: IdRange): boolean =>
  outer.first <= inner.first && inner.first + inner.count <= outer.first + outer.count;

const overlap = (one: IdRange, other: IdRange): boolean =>
  one.first < other.first + other.count && other.first < one.first + one.count;

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}
