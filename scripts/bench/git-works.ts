// What the bench of git measures: each piece of work is one command of real git against one server.
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commitFiles, git, removeFolder } from "../../e2e/git-client.ts";

/** The works, and the ratio to stock git's wall time that each is to stay under. */
export const BARS = {
  "first push": 1.5,
  "full clone": 1.0,
  "shallow clone, depth 1": 1.0,
  "blob:none clone, bare": 1.0,
  "no-op fetch": 1.5,
  "push of one commit": 1.5,
  "fetch of one commit": 1.5,
  "ls-remote, 10,000 refs": 1.5,
} as const;
export type Work = keyof typeof BARS;

export interface GitServer {
  readonly name: "plue" | "stock";
  /** Of all its processes, so far; git's own are known of repositories that are measured. */
  readCpuSeconds(): number;
  /** Makes an empty repository. @returns its address with credentials. */
  create(isMeasured: boolean): Promise<string>;
}

export interface Sample {
  readonly work: Work;
  readonly server: string;
  readonly wallMs: number;
  /** Of the server's processes, while the command ran. Means something where the repository is measured. */
  readonly cpuSeconds: number;
}

const MANY_REFS = 10_000;

async function timeGit(server: GitServer, work: Work, ...args: string[]): Promise<Sample> {
  const cpuBefore = server.readCpuSeconds();
  const startedAtMs = performance.now();
  await git(".", ...args);
  const wallMs = performance.now() - startedAtMs;
  return { work, server: server.name, wallMs, cpuSeconds: server.readCpuSeconds() - cpuBefore };
}

/** Pushes a repository to a new one of the server and does everything with that. `folder` is removed at the end. */
export async function measureRound(
  server: GitServer,
  source: string,
  folder: string,
  { repeats, isMeasured }: { repeats: number; isMeasured: boolean },
): Promise<Sample[]> {
  const url = await server.create(isMeasured);
  const samples: Sample[] = [];
  const time = async (work: Work, ...args: string[]) => samples.push(await timeGit(server, work, ...args));
  const [full, work] = [`${folder}-full`, `${folder}-work`];
  const clone = (...options: string[]) => ["clone", "--quiet", ...options, url];
  await time("first push", "-C", source, "push", "--quiet", "--mirror", url);
  await time("full clone", ...clone("--no-checkout"), full);
  await time("shallow clone, depth 1", ...clone("--bare", "--depth=1"), `${folder}-shallow`);
  removeFolder(`${folder}-shallow`);
  await time("blob:none clone, bare", ...clone("--bare", "--filter=blob:none"), `${folder}-filtered`);
  removeFolder(`${folder}-filtered`);
  cpSync(full, work, { recursive: true });
  for (let repeat = 0; repeat < repeats; repeat++) {
    await time("no-op fetch", "-C", full, "fetch", "--quiet");
    await commitFile(work, `core/auth/added-${repeat}.ts`, `export const added = ${repeat};\n`);
    await time("push of one commit", "-C", work, "push", "--quiet", "origin", "main");
    await time("fetch of one commit", "-C", full, "fetch", "--quiet");
  }
  removeFolder(full);
  removeFolder(work);
  return samples;
}

/** Commits one file more, without a work tree. */
async function commitFile(folder: string, path: string, text: string): Promise<void> {
  const file = join(folder, ".git/added");
  writeFileSync(file, text);
  const blob = await git(folder, "hash-object", "-w", file);
  await git(folder, "read-tree", "HEAD");
  await git(folder, "update-index", "--add", "--cacheinfo", `100644,${blob},${path}`);
  await git(folder, "commit", "--quiet", "--message", `Add ${path}`);
}

/** Lists a repository of 10,000 branches, `rounds` times. */
export async function measureManyRefs(
  server: GitServer,
  folder: string,
  { rounds, isMeasured }: { rounds: number; isMeasured: boolean },
): Promise<Sample[]> {
  const url = await server.create(isMeasured);
  const work = join(folder, `${server.name}-refs-${isMeasured}`);
  await git(".", "init", "--quiet", "--initial-branch=main", work);
  const head = await commitFiles(work, { a: "a\n" }, "Only");
  const lines = Array.from({ length: MANY_REFS }, (_, at) => `${head} refs/heads/branch-${at}`);
  writeFileSync(
    join(work, ".git/packed-refs"),
    `# pack-refs with: peeled fully-peeled sorted \n${lines.sort().join("\n")}\n`,
  );
  await git(work, "push", "--quiet", "--mirror", url);
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round++) {
    samples.push(await timeGit(server, "ls-remote, 10,000 refs", "ls-remote", url));
  }
  return samples;
}
