// `npm run bench [name …]`: measures, beside a peer in the same run where there is one, and prints tables.
// Never a test: it fails only when something doesn't work, not when it is slow.
import { measureFirstLine } from "./first-line.ts";
import { measureGit } from "./git.ts";
import { measureStart } from "./start.ts";

const BENCHES: Record<string, () => Promise<void>> = {
  "first-line": measureFirstLine,
  start: measureStart,
  git: measureGit,
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => BENCHES[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(
    `No bench is called ${unknown.join(", ")}; there are: ${Object.keys(BENCHES).join(", ")}\n`,
  );
  process.exit(1);
}
for (const [name, measure] of Object.entries(BENCHES)) {
  if (names.length === 0 || names.includes(name)) await measure();
}
