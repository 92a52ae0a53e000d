// Plue against `git http-backend` behind nginx, on the same machine in the same run: wall time of real git's commands,
// and what the servers' processes take of the processors meanwhile.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeRepository } from "../../e2e/forge-client.ts";
import { git, makeFolder, removeFolder } from "../../e2e/git-client.ts";
import { startPlue } from "../../e2e/start-plue.ts";
import { cacheFolder } from "./bench-cache.ts";
import { readCpuSeconds } from "./cpu-time.ts";
import { generateRepository, PLANS, type RepositoryPlan } from "./generate-repository.ts";
import { BARS, type GitServer, measureManyRefs, measureRound, type Sample, type Work } from "./git-works.ts";
import { startHttpBackend } from "./http-backend.ts";
import { makeNpmHistory } from "./npm-history.ts";
import { findPercentile, formatTable } from "./table.ts";

interface Subject {
  readonly rounds: number;
  /** Pushes and fetches of one commit in each round. */
  readonly repeats: number;
  /** Gives the repository to push from, or why it can't be had. */
  open(): Promise<{ readonly source: string } | { readonly missing: string }>;
}

const generated = (name: string, plan: RepositoryPlan) => async () => ({
  source: await cacheFolder(name, plan, (folder) => generateRepository(folder, plan)),
});

const SUBJECTS: Record<string, Subject> = {
  small: { rounds: 7, repeats: 5, open: generated("small", PLANS.small) },
  medium: { rounds: 5, repeats: 5, open: generated("medium", PLANS.medium) },
  real: { rounds: 5, repeats: 5, open: makeNpmHistory },
  large: { rounds: 3, repeats: 3, open: generated("large", PLANS.large) },
};
const REFS_ROUNDS = 15;

const OPTIONS = { only: { type: "string" }, rounds: { type: "string" } } as const;

/** Prints a table for each repository; `--rounds 1` takes fewer than usual; `--only small,medium,real,large,refs` chooses. Needs nginx and fcgiwrap. */
export async function measureGit(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const known = [...Object.keys(SUBJECTS), "refs"];
  const wanted = values.only?.split(",") ?? known;
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`No repository is called ${unknown.join(", ")}: ${known.join(", ")}`);
  const folder = makeFolder("bench-git");
  const [plue, backend] = [await startPlue(), await startHttpBackend(join(folder, "stock"))];
  try {
    if (backend === null)
      throw new Error("The peer needs nginx and fcgiwrap: apt-get install nginx fcgiwrap");
    let count = 0;
    const servers: GitServer[] = [
      {
        name: "plue",
        readCpuSeconds: () => readCpuSeconds([plue.pid]),
        create: async () => (await makeRepository(plue)).remote,
      },
      {
        name: "stock",
        readCpuSeconds: () => backend.readCpuSeconds(),
        create: async (isMeasured) => backend.createRepository(`r${++count}.git`, isMeasured),
      },
    ];
    for (const name of wanted) {
      const subject = SUBJECTS[name];
      if (subject === undefined) continue;
      const rounds = Number(values.rounds ?? subject.rounds);
      await measureSubject(name, { ...subject, rounds }, servers, folder);
    }
    if (wanted.includes("refs")) {
      await measureRefs(servers, folder);
    }
  } finally {
    await backend?.stop();
    await plue.stop();
    removeFolder(folder);
  }
}

async function measureSubject(
  name: string,
  subject: Subject,
  servers: readonly GitServer[],
  folder: string,
): Promise<void> {
  const opened = await subject.open();
  if ("missing" in opened) {
    console.log(`\n${name}: left out, ${opened.missing}`);
    return;
  }
  const samples: Sample[] = [];
  const { rounds, repeats } = subject;
  for (let round = 0; round < rounds; round++) {
    // Each goes first every other time.
    for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
      const place = join(folder, `${server.name}-${name}-${round}`);
      samples.push(...(await measureRound(server, opened.source, place, { repeats, isMeasured: false })));
    }
  }
  // Measuring processor time slows stock git down a little, so that is a round of its own.
  const measured: Sample[] = [];
  for (const server of servers) {
    const place = join(folder, `${server.name}-${name}-measured`);
    measured.push(...(await measureRound(server, opened.source, place, { repeats, isMeasured: true })));
  }
  print(`${name}: ${await describePack(opened.source)}`, samples, measured);
}

async function measureRefs(servers: readonly GitServer[], folder: string): Promise<void> {
  const measure = async (isMeasured: boolean) => {
    const samples: Sample[] = [];
    for (const server of servers) {
      samples.push(...(await measureManyRefs(server, folder, { rounds: REFS_ROUNDS, isMeasured })));
    }
    return samples;
  };
  print("refs: 10,000 branches", await measure(false), await measure(true));
}

async function describePack(source: string): Promise<string> {
  const facts = await git(source, "count-objects", "-v");
  const read = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(facts)?.[1] ?? 0);
  const commits = await git(source, "rev-list", "--count", "--all");
  return `${commits} commits, ${read("in-pack")} objects, ${(read("size-pack") / 1024).toFixed(1)} MiB`;
}

function print(title: string, samples: readonly Sample[], measured: readonly Sample[]): void {
  const works = [...new Set(samples.map(({ work }) => work))];
  const rows = works.map((work) => printWork(work, samples, measured));
  console.log(
    `\ngit: Plue against git http-backend behind nginx. ${title}. Medians; CPU of all server processes, means.`,
  );
  const header = ["work", "n", "plue ms", "stock ms", "ratio", "bar", "", "plue CPU ms", "stock CPU ms"];
  console.log(formatTable(header, rows));
}

function printWork(work: Work, samples: readonly Sample[], measured: readonly Sample[]): (string | number)[] {
  const of = (all: readonly Sample[], server: string) =>
    all.filter((one) => one.work === work && one.server === server);
  const findMedian = (server: string) =>
    findPercentile(
      of(samples, server).map(({ wallMs }) => wallMs),
      0.5,
    );
  const findCpuMs = (server: string) => {
    const found = of(measured, server);
    return Math.round((1000 * found.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)) / found.length);
  };
  const [plueMs, stockMs] = [findMedian("plue"), findMedian("stock")];
  const ratio = plueMs / stockMs;
  return [
    work,
    of(samples, "plue").length,
    Math.round(plueMs),
    Math.round(stockMs),
    ratio,
    `≤ ${BARS[work].toFixed(1)}`,
    ratio <= BARS[work] ? "met" : "MISSED",
    findCpuMs("plue"),
    findCpuMs("stock"),
  ];
}
