// The house rules that types, lint and format don't see: arrows between parts, sizes, dead code, names and openings.
// `node scripts/tidy.ts [folder]` prints each break (in that folder) as `file:line rule: what to do` and fails when
// there is one; with `--fix` it first drops the `export` of what nobody imports.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkArrows } from "./tidy/arrows.ts";
import { checkForms } from "./tidy/forms.ts";
import { findDeadExports, findDeadFiles } from "./tidy/reachability.ts";
import { checkSingleWays } from "./tidy/single-ways.ts";
import { checkSizes } from "./tidy/sizes.ts";
import { type Problem, readSourceFiles } from "./tidy/source-file.ts";

/** All breaks of the rules in the repository at `root`, by file and line. */
export function checkTidiness(root: string): Problem[] {
  const files = readSourceFiles(root);
  return [
    ...checkArrows(files),
    ...checkSizes(files),
    ...findDeadFiles(files),
    ...findDeadExports(files),
    ...checkForms(files),
    ...checkSingleWays(files),
  ].sort((a, b) => a.path.localeCompare(b.path) || a.line - b.line);
}

/** Drops the word `export` of each dead export that is a declaration of its own. */
export function dropDeadExports(root: string, folder = ""): void {
  for (const { path, line } of findDeadExports(readSourceFiles(root))) {
    if (!path.startsWith(folder)) continue;
    const file = join(root, path);
    const lines = readFileSync(file, "utf8").split("\n");
    lines[line - 1] = (lines[line - 1] ?? "").replace(
      /^export (?=(type|interface|const|function|async|class) )/,
      "",
    );
    writeFileSync(file, lines.join("\n"));
  }
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, "..");
  const folder = process.argv.slice(2).find((argument) => !argument.startsWith("-")) ?? "";
  if (process.argv.includes("--fix")) dropDeadExports(root, folder);
  const problems = checkTidiness(root).filter(({ path }) => path.startsWith(folder));
  for (const { path, line, rule, message } of problems) console.log(`${path}:${line} ${rule}: ${message}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
