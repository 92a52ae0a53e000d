// Repositories made up from a seed, with what real ones hold and what rarely occurs: merges, octopus merges, orphans,
// reverts, renames, odd modes and names, huge and empty blobs, notes, tags of anything. The same seed makes the same
// objects; each state is one that a push leads to from the state before.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createSeededRandom, type SeededRandom } from "../scripts/bench/seeded-random.ts";
import { git } from "./git-client.ts";

/** What each ref points at. */
export type RefState = ReadonlyMap<string, string>;

export interface RandomHistory {
  /** A bare repository that has all objects of all states. */
  readonly folder: string;
  /** `refs/heads/main` is in each of them. */
  readonly states: readonly RefState[];
  /** Ids of all commits, the oldest first. */
  readonly commits: readonly string[];
  /** The committer's times of those commits. */
  readonly times: readonly number[];
}

interface FileEntry {
  readonly mode: string;
  /** A mark with its colon, or a submodule's commit. */
  readonly content: string;
}

interface Commit {
  readonly mark: number;
  readonly time: number;
  readonly files: Map<string, FileEntry>;
}

const STATES = 4;
const HUGE_BYTES = 700_000;
/** Of the directory that half of the histories begin with; it has at most twice as many. */
const WIDE_ENTRIES_MIN = 140;

/** Writes the history of a seed into a new bare repository in `folder`. */
export async function writeRandomHistory(folder: string, seed: number): Promise<RandomHistory> {
  await git(folder, "init", "--quiet", "--bare", "--initial-branch=main");
  const writer = new HistoryWriter(seed);
  const states: Map<string, number>[] = [];
  for (let at = 0; at < STATES; at++) {
    for (let steps = 4 + writer.random.below(at === 0 ? 30 : 12); steps > 0; steps--) writer.step();
    states.push(new Map(writer.refs));
  }
  const marksFile = join(folder, "marks");
  execFileSync("git", ["fast-import", "--quiet", "--force", "--depth=60", `--export-marks=${marksFile}`], {
    cwd: folder,
    input: writer.finish(),
    env: { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: "1" },
  });
  const oids = new Map<number, string>();
  for (const line of readFileSync(marksFile, "utf8").trim().split("\n")) {
    const [mark = "", oid = ""] = line.split(" ");
    oids.set(Number(mark.slice(1)), oid);
  }
  const oidOf = (mark: number): string => oids.get(mark) ?? "";
  return {
    folder,
    states: states.map((refs) => new Map([...refs].map(([name, mark]) => [name, oidOf(mark)]))),
    commits: writer.commits.map(({ mark }) => oidOf(mark)),
    times: writer.commits.map(({ time }) => time),
  };
}

/** Writes a stream for git fast-import; every commit has a ref of its own there, so that none is an ancestor unsaid. */
class HistoryWriter {
  readonly random: SeededRandom;
  readonly refs = new Map<string, number>();
  readonly commits: Commit[] = [];
  private readonly parts: Buffer[] = [];
  private readonly branches = new Map<string, Commit>();
  private readonly blobs = new Map<string, Buffer>();
  private readonly tags: number[] = [];
  private readonly hasWrongClocks: boolean;
  private marks = 0;
  private time = 1_500_000_000;

  constructor(seed: number) {
    this.random = createSeededRandom(seed);
    this.hasWrongClocks = seed % 5 === 0;
    const files = this.editFiles(new Map(), 8);
    const addHuge = (bytes: Buffer) => files.set("huge", { mode: "100644", content: this.writeBlob(bytes) });
    if (seed % 4 === 0) addHuge(this.makeBytes(HUGE_BYTES));
    if (seed % 4 === 1) addHuge(Buffer.alloc(3 * HUGE_BYTES, "all the same "));
    if (seed % 2 === 0) this.addWide(files);
    this.commitOn("refs/heads/main", [], files);
  }

  finish(): Buffer {
    return Buffer.concat(this.parts);
  }

  /** One thing that somebody does. */
  step(): void {
    const roll = this.random.below(100);
    const [name, tip] = this.pickBranch();
    if (roll < 45) this.commitOn(name, [tip], this.editFiles(tip.files, 1 + this.random.below(4)));
    else if (roll < 57) this.commitOn(this.newName("refs/heads/topic"), [this.pickCommit()]);
    else if (roll < 68) this.merge(name, tip, 1);
    else if (roll < 73) this.merge(name, tip, 2 + this.random.below(4));
    else if (roll < 75) this.commitOn(this.newName("refs/heads/orphan"), [], this.editFiles(new Map(), 3));
    else if (roll < 78) this.commitOn(name, [tip], tip.files);
    else if (roll < 81) this.commitOn(name, [tip], this.pickCommit().files);
    else if (roll < 84) this.reset(name, this.pickCommit());
    else if (roll < 87) this.dropRef();
    else if (roll < 90) this.refs.set(this.newName("refs/tags/light"), this.pickCommit().mark);
    else if (roll < 95) this.tag(this.pickCommit().mark);
    else if (roll < 97) this.tag(this.tags.at(-1) ?? tip.mark);
    else if (roll < 98) this.tag(this.pickBlob());
    else this.addNote(tip);
  }

  private write(text: string): void {
    this.parts.push(Buffer.from(text, "latin1"));
  }

  private writeData(bytes: Buffer): void {
    this.parts.push(Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from("\n"));
  }

  private writeBlob(bytes: Buffer): string {
    const mark = ++this.marks;
    this.write(`blob\nmark :${mark}\n`);
    this.writeData(bytes);
    this.blobs.set(`:${mark}`, bytes);
    return `:${mark}`;
  }

  private commitOn(name: string, parents: readonly Commit[], files = this.editParent(parents)): void {
    const mark = ++this.marks;
    this.time += this.random.pick([0, 1, 60, 5000, 90_000]);
    const time = this.hasWrongClocks ? this.time - this.random.below(200_000) : this.time;
    this.write(`commit refs/all/${mark}\nmark :${mark}\n`);
    this.write(`author \xc3\x84. Uthor <a@example.com> ${time - 60} +0200\n`);
    this.write(`committer C O Mitter <c@example.com> ${time} -0330\n`);
    this.writeData(Buffer.from(`Change ${mark}\n\n${this.makeLine()}\n`));
    parents.forEach((parent, at) => {
      this.write(`${at === 0 ? "from" : "merge"} :${parent.mark}\n`);
    });
    const before = parents[0]?.files ?? new Map<string, FileEntry>();
    for (const path of before.keys()) if (!files.has(path)) this.write(`D ${quotePath(path)}\n`);
    for (const [path, entry] of files) {
      if (before.get(path) !== entry) this.write(`M ${entry.mode} ${entry.content} ${quotePath(path)}\n`);
    }
    this.write("\n");
    const commit = { mark, time, files };
    this.commits.push(commit);
    this.reset(name, commit);
  }

  private editParent(parents: readonly Commit[]): Map<string, FileEntry> {
    return this.editFiles(parents[0]?.files ?? new Map(), 1 + this.random.below(3));
  }

  private merge(name: string, tip: Commit, others: number): void {
    const parents = new Set([tip]);
    for (let at = 0; at < others; at++) parents.add(this.pickBranch()[1]);
    const files = new Map(tip.files);
    for (const parent of parents) {
      for (const [path, entry] of parent.files) if (!conflicts(files, path)) files.set(path, entry);
    }
    this.commitOn(name, [...parents], files);
  }

  private reset(name: string, commit: Commit): void {
    this.refs.set(name, commit.mark);
    this.branches.set(name, commit);
  }

  private dropRef(): void {
    const names = [...this.refs.keys()].filter(
      (name) => name !== "refs/heads/main" && !name.includes("notes"),
    );
    const name = names[this.random.below(names.length)];
    if (name === undefined) return;
    this.refs.delete(name);
    this.branches.delete(name);
  }

  private tag(target: number): void {
    const mark = ++this.marks;
    this.tags.push(mark);
    const name = this.newName("refs/tags/v");
    this.write(`tag ${name.slice("refs/tags/".length)}\nmark :${mark}\nfrom :${target}\n`);
    this.write(`tagger T Agger <t@example.com> ${this.time} +0000\n`);
    this.writeData(Buffer.from(`${this.makeLine()}\n`));
    this.refs.set(name, mark);
  }

  private addNote(commit: Commit): void {
    const mark = ++this.marks;
    this.write(`commit refs/notes/commits\nmark :${mark}\n`);
    this.write(`committer C O Mitter <c@example.com> ${this.time} +0000\n`);
    this.writeData(Buffer.from("Notes\n"));
    this.write(`N inline :${commit.mark}\n`);
    this.writeData(Buffer.from(this.makeLine()));
    this.refs.set("refs/notes/commits", mark);
  }

  private editFiles(before: ReadonlyMap<string, FileEntry>, edits: number): Map<string, FileEntry> {
    const files = new Map(before);
    for (let at = 0; at < edits; at++) this.editFile(files);
    return files;
  }

  private editFile(files: Map<string, FileEntry>): void {
    const [path, entry] = [...files][this.random.below(files.size)] ?? ["", undefined];
    const roll = this.random.below(100);
    if (entry === undefined || roll < 25) this.addFile(files);
    else if (roll < 32) files.delete(path);
    else if (roll < 42) {
      files.delete(path);
      files.set(this.newPath(), entry);
    } else if (roll < 45) {
      files.delete(path);
      files.set(`${path}/inside`, entry);
    } else if (entry.mode === "100644" || entry.mode === "100755") {
      const mode = roll < 50 ? "100755" : "100644";
      files.set(path, { mode, content: this.writeBlob(this.editBytes(this.blobs.get(entry.content))) });
    } else files.delete(path);
  }

  private addFile(files: Map<string, FileEntry>): void {
    const roll = this.random.below(20);
    const path = this.newPath();
    const file = (mode: string, bytes: Buffer) => files.set(path, { mode, content: this.writeBlob(bytes) });
    if (roll === 0) files.set(path, { mode: "160000", content: this.makeOid() });
    else if (roll === 1) file("120000", Buffer.from(`../${this.makeWord()}`));
    else if (roll === 2) file("100644", Buffer.alloc(0));
    else if (roll === 3) file("100755", this.makeBytes(this.random.below(40_000)));
    else if (roll === 4) files.set(path, { mode: "100644", content: `:${this.pickBlob()}` });
    else file("100644", this.makeText(this.random.below(roll === 5 ? 900 : 60)));
  }

  /** A directory of more entries than fit the first size of any buffer. */
  private addWide(files: Map<string, FileEntry>): void {
    const count = WIDE_ENTRIES_MIN + this.random.below(WIDE_ENTRIES_MIN);
    for (let at = 0; at < count; at++) {
      const content = this.writeBlob(Buffer.from(`${this.makeLine()}\n`));
      files.set(`wide/${this.makeWord()}${++this.marks}`, { mode: "100644", content });
    }
  }

  private editBytes(bytes: Buffer = Buffer.alloc(0)): Buffer {
    const at = this.random.below(bytes.length + 1);
    const end = Math.min(bytes.length, at + this.random.below(80));
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(`${this.makeLine()}\n`), bytes.subarray(end)]);
  }

  private pickBranch(): [string, Commit] {
    const all = [...this.branches];
    return all[this.random.below(all.length)] ?? this.fail();
  }

  private pickCommit(): Commit {
    return this.commits[this.random.below(this.commits.length)] ?? this.fail();
  }

  private fail(): never {
    throw new Error("there is no branch");
  }

  private pickBlob(): number {
    const all = [...this.blobs.keys()];
    return Number((all[this.random.below(all.length)] ?? this.writeBlob(Buffer.from("one\n"))).slice(1));
  }

  private newName(prefix: string): string {
    return `${prefix}${this.random.pick(["", "/", "-"])}${++this.marks}`;
  }

  private newPath(): string {
    const folder = this.random.pick([
      "",
      "",
      "src/",
      "src/deep/er/",
      "docs/",
      "sp ace/",
      "\xff\xfe/",
      "wide/",
    ]);
    return `${folder}${this.random.pick(["", "", "\xe9", ".", "-", "\xc3\xa4"])}${this.makeWord()}${++this.marks}`;
  }

  private makeOid(): string {
    return Array.from({ length: 40 }, () => this.random.below(16).toString(16)).join("");
  }

  private makeBytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.random.below(256)));
  }

  private makeWord(): string {
    return this.random.below(36 ** 4).toString(36);
  }

  private makeLine(): string {
    return Array.from({ length: 1 + this.random.below(9) }, () => this.makeWord()).join(" ");
  }

  private makeText(lines: number): Buffer {
    return Buffer.from(Array.from({ length: lines }, () => `${this.makeLine()}\n`).join(""));
  }
}

/** Whether a file can't be at `path`, for one is there, or a folder is, or it would lie in a file. */
function conflicts(files: ReadonlyMap<string, FileEntry>, path: string): boolean {
  if (files.has(path)) return true;
  const parts = path.split("/");
  if (parts.some((_, at) => at > 0 && files.has(parts.slice(0, at).join("/")))) return true;
  return [...files.keys()].some((other) => other.startsWith(`${path}/`));
}

/** A path of single-byte characters as git-fast-import reads it. */
function quotePath(path: string): string {
  const bytes = [...path].map((character) => {
    const code = character.charCodeAt(0);
    return code < 0x80 ? character : `\\${code.toString(8)}`;
  });
  return `"${bytes.join("")}"`;
}
