// `npm run bench [name …] [-- --option …]`: measures, beside a peer in the same run where there is one, and prints tables.
// Never a test: it fails only when something doesn't work, not when it is slow.
import { measureFirstLine } from "./first-line.ts";
import { measureGit } from "./git.ts";
import { measureGitMemory } from "./git-memory.ts";
import { measurePushMemory } from "./push-memory.ts";
import { measureStart } from "./start.ts";

/** Each is given the options behind the names. */
const BENCHES: Record<string, (args: readonly string[]) => Promise<void>> = {
  "first-line": measureFirstLine,
  start: measureStart,
  git: measureGit,
  "git-memory": measureGitMemory,
  "push-memory": measurePushMemory,
};

const given = process.argv.slice(2);
const firstOption = given.findIndex((word) => word.startsWith("--"));
const names = firstOption < 0 ? given : given.slice(0, firstOption);
const options = firstOption < 0 ? [] : given.slice(firstOption).filter((word) => word !== "--");
const unknown = names.filter((name) => BENCHES[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(
    `No bench is called ${unknown.join(", ")}; there are: ${Object.keys(BENCHES).join(", ")}\n`,
  );
  process.exit(1);
}
for (const [name, measure] of Object.entries(BENCHES)) {
  if (names.length === 0 || names.includes(name)) await measure(options);
}
