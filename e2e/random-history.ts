// A work tree that lives through what happens to repositories: edits, branches, merges, tags, rewritten commits, clocks
// that ran wrong. The same seed makes the same history.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createSeededRandom, type SeededRandom } from "../scripts/bench/seeded-random.ts";
import { git, tryGit } from "./git-client.ts";

interface EditedFile {
  path: string;
  lines: string[];
}

export class RandomHistory {
  readonly folder: string;
  readonly random: SeededRandom;
  private readonly files: EditedFile[] = [];
  private seconds = 1_700_000_000;

  constructor(folder: string, seed: number) {
    this.folder = folder;
    this.random = createSeededRandom(seed);
  }

  async start(): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    await git(this.folder, "init", "--quiet", "--initial-branch=main");
    await this.commit(3);
  }

  /** One step of its life: commits, and perhaps a branch, a merge, a tag or a commit made anew. */
  async live(): Promise<void> {
    const { random } = this;
    await this.commit(1 + random.below(5));
    if (random.below(3) === 0) await this.branch();
    if (random.below(3) === 0) await this.merge();
    if (random.below(2) === 0) await this.switchTo("main");
    const tag = [
      "tag",
      "--force",
      ...(random.below(2) === 0 ? ["-a", "-m", "tag"] : []),
      `t${random.below(8)}`,
    ];
    if (random.below(2) === 0) await git(this.folder, ...tag);
    if (random.below(5) === 0)
      await git(this.folder, "commit", "--quiet", "--amend", "-m", `${random.next()}`);
  }

  /** A time near the latest commits. */
  pickTime(): number {
    return this.seconds - 100 * this.random.below(10);
  }

  private async commit(count: number): Promise<void> {
    for (let at = 0; at < count; at++) {
      for (let edits = 1 + this.random.below(4); edits > 0; edits--) this.edit();
      await git(this.folder, "add", "--all");
      this.seconds += this.random.below(10) === 0 ? -500 : 100;
      const tree = await git(this.folder, "write-tree");
      const { code, stdout } = await tryGit(this.folder, "rev-parse", "--verify", "--quiet", "HEAD");
      await this.writeCommit(tree, code === 0 ? `parent ${stdout.trim()}\n` : "");
    }
  }

  // Written by hand, as `git commit` takes its clock from the environment alone.
  private async writeCommit(tree: string, parentLine: string): Promise<void> {
    const person = `A U Thor <author@example.com> ${this.seconds} +0000`;
    const text = `tree ${tree}\n${parentLine}author ${person}\ncommitter ${person}\n\nchange ${this.seconds}\n`;
    const file = join(this.folder, ".git/commit-text");
    writeFileSync(file, text);
    const oid = await git(this.folder, "hash-object", "-t", "commit", "-w", file);
    await git(this.folder, "update-ref", "HEAD", oid);
  }

  private edit(): void {
    const { random, files, folder } = this;
    const kind = random.below(10);
    if (files.length < 3 || kind < 3) {
      const path = `${"abc"[random.below(3)]}/${"xyz"[random.below(3)]}/f${random.below(1000)}.txt`;
      const lines = Array.from(
        { length: 5 + random.below(500) },
        (_, at) => `line ${at} ${random.below(1e6)}`,
      );
      files.push({ path, lines });
      this.save({ path, lines });
      return;
    }
    const file = files[random.below(files.length)]!;
    if (kind === 9) {
      files.splice(files.indexOf(file), 1);
      rmSync(join(folder, file.path), { force: true });
      return;
    }
    file.lines.splice(random.below(file.lines.length + 1), random.below(3), `new ${random.below(1e9)}`);
    this.save(file);
  }

  private save({ path, lines }: EditedFile): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), lines.join("\n"));
  }

  private async branch(): Promise<void> {
    const from =
      (await tryGit(this.folder, "rev-parse", "--verify", "HEAD~2")).code === 0 ? "HEAD~2" : "HEAD";
    await git(this.folder, "checkout", "--quiet", "-B", `b${this.random.below(4)}`, from);
    this.forgetMissing();
    await this.commit(1 + this.random.below(3));
  }

  private async merge(): Promise<void> {
    const branches = (await git(this.folder, "branch", "--format=%(refname:short)")).split("\n");
    const other = branches[this.random.below(branches.length)]!;
    const merged = await tryGit(this.folder, "merge", "--quiet", "-X", "ours", "--no-edit", other);
    if (merged.code !== 0) await git(this.folder, "reset", "--quiet", "--hard");
    this.forgetMissing();
  }

  private async switchTo(branch: string): Promise<void> {
    await git(this.folder, "checkout", "--quiet", branch);
    this.forgetMissing();
  }

  private forgetMissing(): void {
    const there = this.files.filter(({ path }) => existsSync(join(this.folder, path)));
    this.files.splice(0, this.files.length, ...there);
  }
}
