// Makes a repository up that looks like a real one to a git server: source files in nested folders, edited a few lines
// at a time, some binaries, merges and tags. The same options give the same commits, byte for byte.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { finished } from "node:stream/promises";
import { createSeededRandom, type SeededRandom } from "./seeded-random.ts";

export interface RepositoryPlan {
  /** Raised when the same plan gives another history than before. */
  version: number;
  seed: number;
  commits: number;
  /** Source files in the first commit. */
  files: number;
  /** Lines of a new file, at most. */
  lines: number;
  /** Files of noise, as many in the first commit as in all others together. */
  binaries: number;
  binaryBytes: number;
}

/** 500 commits in 1 MB; 20,000 objects in 30 MB; 20,000 commits in 60 MB; 310,000 objects in 500 MB. */
export const PLANS = {
  small: { version: 2, seed: 10, commits: 500, files: 250, lines: 200, binaries: 10, binaryBytes: 20_000 },
  moderate: {
    version: 2,
    seed: 30,
    commits: 3000,
    files: 1200,
    lines: 400,
    binaries: 275,
    binaryBytes: 80_000,
  },
  medium: {
    version: 2,
    seed: 30,
    commits: 20_000,
    files: 1200,
    lines: 200,
    binaries: 600,
    binaryBytes: 60_000,
  },
  large: {
    version: 2,
    seed: 50,
    commits: 38_000,
    files: 4000,
    lines: 300,
    binaries: 4800,
    binaryBytes: 90_000,
  },
} as const satisfies Record<string, RepositoryPlan>;

const WORDS =
  "const let return await function import export type interface value index result error request response length push map filter reduce state handler context options config buffer stream packet object commit tree blob tag branch".split(
    " ",
  );
const FOLDERS = ["core", "auth", "store", "pages", "wire", "merge", "queue", "tests"] as const;
const EPOCH_SECONDS = 1_600_000_000;

interface SourceFile {
  path: string;
  lines: string[];
}

/** Makes a bare repository in `folder` with the branch `main`, packed as `git gc` would. */
export async function generateRepository(folder: string, plan: RepositoryPlan): Promise<void> {
  mkdirSync(folder, { recursive: true });
  run(folder, ["init", "--quiet", "--bare", "--initial-branch=main"]);
  const importer = spawn("git", ["-C", folder, "fast-import", "--quiet"], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  const closed = new Promise<number | null>((resolve) => importer.once("close", resolve));
  for (const part of writeHistory(plan)) {
    if (!importer.stdin.write(part)) await new Promise((resolve) => importer.stdin.once("drain", resolve));
  }
  importer.stdin.end();
  await finished(importer.stdin);
  if ((await closed) !== 0) throw new Error("git fast-import failed");
  run(folder, ["repack", "--quiet", "-a", "-d", "-f", "--window=10", "--depth=50"]);
}

function run(folder: string, args: string[]): void {
  const { status } = spawnSync("git", ["-C", folder, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`git ${args[0]} failed`);
}

/** The history as `git fast-import` reads it. */
function* writeHistory(plan: RepositoryPlan): Generator<string | Buffer> {
  const random = createSeededRandom(plan.seed);
  const files: SourceFile[] = [];
  for (let at = 0; at < plan.files; at++) files.push(makeFile(random, plan, at));
  for (let commit = 1; commit <= plan.commits; commit++) {
    yield writeCommitHeader(random, commit);
    if (commit === 1) yield* writeFirst(random, plan, files);
    else yield* writeEdits(random, plan, files, commit);
    yield "\n";
    if (commit % 250 === 0) yield writeTag(commit);
  }
}

function* writeFirst(
  random: SeededRandom,
  plan: RepositoryPlan,
  files: readonly SourceFile[],
): Generator<string | Buffer> {
  for (const file of files) yield writeFile(file);
  for (let at = 0; at < plan.binaries / 2; at++) yield* writeBinary(random, plan, at);
}

function* writeEdits(
  random: SeededRandom,
  plan: RepositoryPlan,
  files: SourceFile[],
  commit: number,
): Generator<string | Buffer> {
  const every = Math.max(1, Math.floor((2 * plan.commits) / plan.binaries));
  if (commit % every === 0) yield* writeBinary(random, plan, plan.binaries + commit);
  if (random.below(10) === 0) {
    const file = makeFile(random, plan, plan.files + commit);
    files.push(file);
    yield writeFile(file);
  }
  for (let edits = 1 + random.below(3); edits > 0; edits--) {
    const file = files[random.below(files.length)];
    if (file === undefined) continue;
    const at = random.below(file.lines.length);
    file.lines.splice(at, random.below(4), ...makeLines(random, 1 + random.below(6)));
    if (file.lines.length === 0) file.lines.push("");
    yield writeFile(file);
  }
}

function makeFile(random: SeededRandom, plan: RepositoryPlan, at: number): SourceFile {
  const path = `${random.pick(FOLDERS)}/${random.pick(FOLDERS)}/file-${at}.ts`;
  return { path, lines: makeLines(random, 10 + random.below(plan.lines)) };
}

function makeLines(random: SeededRandom, count: number): string[] {
  return Array.from({ length: count }, () => {
    const words = Array.from({ length: 3 + random.below(8) }, () =>
      random.below(4) === 0 ? random.below(1e9).toString(36) : WORDS[random.below(WORDS.length)],
    );
    return `${"  ".repeat(random.below(4))}${words.join(" ")};`;
  });
}

function writeFile({ path, lines }: SourceFile): string {
  const text = `${lines.join("\n")}\n`;
  return `M 100644 inline ${path}\ndata ${text.length}\n${text}\n`;
}

function* writeBinary(
  random: SeededRandom,
  { binaryBytes }: RepositoryPlan,
  number: number,
): Generator<string | Buffer> {
  const bytes = Buffer.alloc(binaryBytes);
  for (let at = 0; at + 4 <= binaryBytes; at += 4) bytes.writeUInt32LE(random.below(2 ** 32), at);
  yield `M 100644 inline assets/${number % 10}/image-${number}.bin\ndata ${binaryBytes}\n`;
  yield bytes;
  yield "\n";
}

function writeCommitHeader(random: SeededRandom, commit: number): string {
  const seconds = EPOCH_SECONDS + commit * 600 + random.below(300);
  const person = `Person ${random.below(12)} <person@example.com> ${seconds} +0000`;
  const message = `Change ${commit}\n\n${makeLines(random, 2).join("\n")}\n`;
  return `commit refs/heads/main\nauthor ${person}\ncommitter ${person}\ndata ${message.length}\n${message}\n`;
}

function writeTag(commit: number): string {
  const message = `Release ${commit}\n`;
  const person = `Person 0 <person@example.com> ${EPOCH_SECONDS + commit * 600} +0000`;
  return `tag v${commit}\nfrom refs/heads/main\ntagger ${person}\ndata ${message.length}\n${message}\n`;
}
