// `npm test`: everything that CI runs. Installs what the tests need where it may, runs the checks and all of vitest's
// projects, and ends with one line that says how many passed and failed. `npm test -- path` runs a part of vitest.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { deployCheck, runChecks } from "./check.ts";
import { watchStarter } from "./dev/lifeline.ts";
import { provideSystemTools, testTools } from "./dev/system-tools.ts";

const root = resolve(import.meta.dirname, "..");

const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(
    z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
});

type Counts = { passed: number; failed: number };

async function runVitest(args: string[]): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), "plue-report-"));
  const reportFile = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const child = spawn(join(root, "node_modules/.bin/vitest"), ["run", ...reporters, ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  watchStarter(() => child.kill("SIGKILL"));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  const status = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
  const counts = existsSync(reportFile)
    ? countTests(readFileSync(reportFile, "utf8"))
    : { passed: 0, failed: 0 };
  rmSync(folder, { recursive: true });
  // Vitest fails for more than failed tests: an error outside of any test, or no test at all.
  const failed = status !== 0 && counts.failed === 0 ? 1 : counts.failed;
  return { passed: counts.passed, failed: counts.passed + failed === 0 ? 1 : failed };
}

/** The tests of a report; a file that failed without a failed test (it didn't load) counts as one. */
function countTests(report: string): Counts {
  const { numPassedTests, numFailedTests, testResults } = reportSchema.parse(JSON.parse(report));
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  return { passed: numPassedTests, failed: numFailedTests + brokenFiles.length };
}

const filters = process.argv.slice(2);
await provideSystemTools(testTools, join(root, "node_modules/.plue-missing-tools"), console.log);
const failedChecks = filters.length === 0 ? await runChecks([deployCheck]) : 0;
const tests = await runVitest(filters);
const failed = tests.failed + failedChecks;
process.exitCode = failed === 0 ? 0 : 1;
console.log(`${tests.passed} passed, ${failed} failed`);
