// Plue against `git http-backend` behind nginx, on the same machine in the same run: wall time of real git's commands.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRepository } from "../../e2e/forge-client.ts";
import { commitFiles, git, makeFolder, removeFolder } from "../../e2e/git-client.ts";
import { startPlue } from "../../e2e/start-plue.ts";
import { generateRepository, MEDIUM_PLAN } from "./generate-repository.ts";
import { startHttpBackend } from "./http-backend.ts";
import { findPercentile, formatTable } from "./table.ts";

const ROUNDS = 5;
const MANY_REFS = 10_000;

/** What is measured, and the ratio it is to stay under. */
const BARS = {
  "first push": 1.5,
  "full clone": 1.0,
  "shallow clone, depth 1": 1.0,
  "blob:none clone, bare": 1.0,
  "no-op fetch": 1.5,
  "push of one commit": 1.5,
  "fetch of one commit": 1.5,
  "ls-remote, 10,000 refs": 1.5,
} as const;
type Work = keyof typeof BARS;

interface Server {
  name: "plue" | "stock";
  /** Makes an empty repository. @returns its address with credentials. */
  create(): Promise<string>;
}

type Samples = Record<Work, number[]>;

/** Prints medians of five rounds and the ratio of each. Needs nginx and fcgiwrap for the peer. */
export async function measureGit(): Promise<void> {
  const folder = makeFolder("bench-git");
  const [plue, backend] = [await startPlue(), await startHttpBackend(join(folder, "stock"))];
  try {
    if (backend === null)
      throw new Error("The peer needs nginx and fcgiwrap: apt-get install nginx fcgiwrap");
    const source = join(folder, "source.git");
    await generateRepository(source, MEDIUM_PLAN);
    let count = 0;
    const servers: Server[] = [
      { name: "plue", create: async () => (await makeRepository(plue)).remote },
      { name: "stock", create: async () => backend.createRepository(`r${++count}.git`) },
    ];
    const samples = { plue: emptySamples(), stock: emptySamples() };
    for (let round = 0; round < ROUNDS; round++) {
      // Each goes first every other time.
      for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
        await measureRound(server, source, join(folder, `${server.name}-${round}`), samples[server.name]);
      }
    }
    for (const server of servers) await measureManyRefs(server, folder, samples[server.name]);
    print(await describePack(source), samples);
  } finally {
    await backend?.stop();
    await plue.stop();
    removeFolder(folder);
  }
}

const emptySamples = (): Samples => ({
  "first push": [],
  "full clone": [],
  "shallow clone, depth 1": [],
  "blob:none clone, bare": [],
  "no-op fetch": [],
  "push of one commit": [],
  "fetch of one commit": [],
  "ls-remote, 10,000 refs": [],
});

async function measureRound(server: Server, source: string, folder: string, samples: Samples): Promise<void> {
  const url = await server.create();
  const time = async (work: Work, ...args: string[]) => samples[work].push(await timeGit(...args));
  await time("first push", "-C", source, "push", "--quiet", "--mirror", url);
  await time("full clone", "clone", "--quiet", "--bare", url, `${folder}-full`);
  await time("shallow clone, depth 1", "clone", "--quiet", "--bare", "--depth=1", url, `${folder}-shallow`);
  await time(
    "blob:none clone, bare",
    "clone",
    "--quiet",
    "--bare",
    "--filter=blob:none",
    url,
    `${folder}-filtered`,
  );
  await git(".", "clone", "--quiet", url, `${folder}-work`);
  await git(".", "clone", "--quiet", url, `${folder}-other`);
  await time("no-op fetch", "-C", `${folder}-other`, "fetch", "--quiet");
  await commitFiles(`${folder}-work`, { "core/auth/added.ts": "export const added = 1;\n" }, "One more");
  await time("push of one commit", "-C", `${folder}-work`, "push", "--quiet", "origin", "main");
  await time("fetch of one commit", "-C", `${folder}-other`, "fetch", "--quiet");
  for (const kind of ["full", "shallow", "filtered", "work", "other"]) removeFolder(`${folder}-${kind}`);
}

async function measureManyRefs(server: Server, folder: string, samples: Samples): Promise<void> {
  const url = await server.create();
  const work = join(folder, `${server.name}-refs`);
  await git(".", "init", "--quiet", "--initial-branch=main", work);
  const head = await commitFiles(work, { a: "a\n" }, "Only");
  const lines = Array.from({ length: MANY_REFS }, (_, at) => `${head} refs/heads/branch-${at}`);
  writeFileSync(
    join(work, ".git/packed-refs"),
    `# pack-refs with: peeled fully-peeled sorted \n${lines.sort().join("\n")}\n`,
  );
  await git(work, "push", "--quiet", "--mirror", url);
  for (let round = 0; round < ROUNDS; round++) {
    samples["ls-remote, 10,000 refs"].push(await timeGit("ls-remote", url));
  }
}

async function timeGit(...args: string[]): Promise<number> {
  const startedAtMs = performance.now();
  await git(".", ...args);
  return performance.now() - startedAtMs;
}

async function describePack(source: string): Promise<string> {
  const facts = await git(source, "count-objects", "-v");
  const read = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(facts)?.[1] ?? 0);
  return `${read("in-pack")} objects, ${(read("size-pack") / 1024).toFixed(1)} MiB`;
}

function print(pack: string, samples: { plue: Samples; stock: Samples }): void {
  const rows = (Object.keys(BARS) as Work[]).map((work) => {
    const plue = findPercentile(samples.plue[work], 0.5);
    const stock = findPercentile(samples.stock[work], 0.5);
    return [work, Math.round(plue), Math.round(stock), plue / stock, `≤ ${BARS[work].toFixed(1)}`];
  });
  console.log(`\ngit: Plue against git http-backend behind nginx, ${pack}, medians of ${ROUNDS}`);
  console.log(formatTable(["work", "plue ms", "stock ms", "ratio", "bar"], rows));
}
