// Histories made from a seed that look like real ones: edits, renames, merges, octopus merges, submodules, odd names
// and modes, empty and large files, tags of tags. The same seed makes the same objects.
import type { RealRepository } from "./real-git.ts";

/** A generator of numbers in [0, 1) from a seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class HistoryWriter {
  private readonly random: () => number;
  private readonly parts: Buffer[] = [];
  private readonly words: string[];
  private readonly files = new Map<string, string[]>();
  private time = 1_600_000_000;

  constructor(seed: number) {
    this.random = createRandom(seed);
    this.words = Array.from({ length: 500 }, () => this.word());
  }

  int(below: number): number {
    return Math.floor(this.random() * below);
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.int(256)));
  }

  write(text: string | Buffer): void {
    this.parts.push(Buffer.from(text));
  }

  data(bytes: Buffer | string): void {
    const content = Buffer.from(bytes);
    this.write(`data ${content.length}\n`);
    this.write(content);
    this.write("\n");
  }

  finish(): Buffer {
    return Buffer.concat(this.parts);
  }

  commit(mark: number, branch: string, parents: readonly number[]): void {
    this.time += this.int(10_000);
    this.write(`commit refs/heads/${branch}\nmark :${mark}\n`);
    this.write(`author Ä. Uthor <a@example.com> ${this.time - 60} +0200\n`);
    this.write(`committer C O Mitter <c@example.com> ${this.time} -0330\n`);
    this.data(`commit ${mark}\n\n${this.line()}\n`);
    parents.forEach((parent, i) => {
      this.write(`${i === 0 ? "from" : "merge"} :${parent}\n`);
    });
  }

  edit(): void {
    const paths = [...this.files.keys()];
    if (paths.length < 20 || this.random() < 0.1) {
      const path = `${this.pick(["src", "lib/deep/er", "docs", "."])}/${this.word()}${paths.length}.txt`;
      this.save(
        path.replace(/^\.\//, ""),
        Array.from({ length: this.int(80) }, () => this.line()),
      );
      return;
    }
    const path = this.pick(paths);
    const lines = this.files.get(path)!;
    lines.splice(this.int(lines.length + 1), this.int(3), this.line(), this.line());
    this.save(path, lines);
    if (this.random() < 0.05) {
      const moved = `moved/${this.word()}-${paths.length}`;
      this.write(`R ${path} ${moved}\n`);
      this.files.delete(path);
      this.files.set(moved, lines);
    }
  }

  /** What real histories hold now and then. */
  addOddities(): void {
    this.write("M 100644 inline empty\n");
    this.data("");
    this.write("M 100755 inline tool.sh\n");
    this.data("#!/bin/sh\n");
    this.write("M 120000 inline link\n");
    this.data("tool.sh");
    this.write(`M 160000 ${"12".repeat(20)} vendored/module\n`);
    this.write("M 100644 inline .gitmodules\n");
    this.data('[submodule "module"]\n\tpath = vendored/module\n\turl = https://example.com/module.git\n');
    this.write(Buffer.from('M 100644 inline "odd \\377\\376 name"\n'));
    this.data("odd");
    this.write("M 100644 inline assets/random.bin\n");
    this.data(this.bytes(100_000));
    this.write("M 100644 inline assets/zeros.bin\n");
    this.data(Buffer.alloc(3_000_000));
  }

  word(): string {
    return Array.from({ length: 2 + this.int(8) }, () => String.fromCharCode(97 + this.int(26))).join("");
  }

  line(): string {
    return Array.from({ length: 3 + this.int(8) }, () => this.pick(this.words)).join(" ");
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.int(choices.length)]!;
  }

  private save(path: string, lines: string[]): void {
    this.files.set(path, lines);
    this.write(`M 100644 inline ${path}\n`);
    this.data(`${lines.join("\n")}\n`);
  }
}

/** Writes a history of `commits` commits on `main`, side branches merged into it, and tags `v1` and `v1-again`. */
export function writeHistory(repository: RealRepository, seed: number, commits: number): void {
  const writer = new HistoryWriter(seed);
  let tip = 0;
  for (let mark = 1; mark <= commits; mark++) {
    const parents = tip === 0 ? [] : [tip];
    // A merge of the commits just before: two parents mostly, four at times.
    if (mark > 10 && writer.int(8) === 0) parents.push(tip - 1);
    if (mark > 10 && writer.int(20) === 0) parents.push(tip - 3, tip - 4);
    writer.commit(mark, "main", [...new Set(parents)]);
    if (mark === 3) writer.addOddities();
    for (let edits = mark === 1 ? 30 : 1 + writer.int(3); edits > 0; edits--) writer.edit();
    writer.write("\n");
    tip = mark;
  }
  repository.git(["fast-import", "--quiet", "--depth=5"], writer.finish());
  repository.git(["tag", "-a", "-m", "first", "v1", "main"]);
  repository.git(["tag", "-a", "-m", "again", "v1-again", "v1"]);
}
