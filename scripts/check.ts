// `npm run check`: types, lint, format and tidiness, fast enough to run before every commit. Silent about what is
// well, whole about what isn't.
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { buildAssets } from "./build-assets.ts";

const root = resolve(import.meta.dirname, "..");

type Check = { name: string; command: string; args: string[]; env?: Record<string, string> };

// What the last check found out is kept, so that only what changed is looked at again.
const typeCheck = (name: string): Check => ({
  name: `types (${name})`,
  command: "tsc",
  args: [
    ...["-p", `tsconfig.${name}.json`],
    ...["--incremental", "--tsBuildInfoFile", `node_modules/.plue-types/${name}.tsbuildinfo`],
  ],
});

const checks: Check[] = [
  typeCheck("worker"),
  typeCheck("node"),
  typeCheck("browser"),
  { name: "lint and format", command: "biome", args: ["check", "--log-level=warn"] },
  { name: "tidy", command: "node", args: ["scripts/tidy.ts"] },
];

/** Whether the Worker would deploy; seconds slower than the others, so it is part of `npm test` only. */
export const deployCheck: Check = {
  name: "wrangler deploy --dry-run",
  command: "wrangler",
  args: ["deploy", "--dry-run"],
  env: { WRANGLER_SEND_METRICS: "false" },
};

/** Runs all checks side by side and prints what fails. @returns how many failed. */
export async function runChecks(extra: Check[] = []): Promise<number> {
  await buildAssets();
  const results = await Promise.all([...checks, ...extra].map(runCheck));
  return results.filter((passed) => !passed).length;
}

async function runCheck(check: Check): Promise<boolean> {
  const startedMs = Date.now();
  const child = spawn(join(root, "node_modules/.bin", check.command), check.args, {
    cwd: root,
    env: { ...process.env, ...check.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  const status = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
  if (status !== 0) process.stdout.write(`\n${Buffer.concat(output).toString().trim()}\n`);
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${check.name} (${seconds} s)`);
  return status === 0;
}

if (import.meta.main) process.exitCode = (await runChecks()) === 0 ? 0 : 1;
