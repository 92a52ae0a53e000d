// Imports a repository or a bundle of any size that the server allows into a repository of Plue, past the limit of
// request bodies: `node scripts/import.ts <repository or bundle> <https://host/owner/name> [options]`. Interrupted and
// started again with the same words, it goes on where it was.

import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { parseArgs } from "node:util";
import { showLine, showLines } from "../schema/terminal-text.ts";
import { ForgeImports, type ImportAnswer, ImportRefused } from "./import/forge-imports.ts";
import { type ImportSource, openSource } from "./import/import-source.ts";
import { createProgressBar, type ProgressBar } from "./import/show-progress.ts";

const USAGE = `Usage: node scripts/import.ts <repository or bundle> <https://host/owner/name> [options]

  --token-file FILE   an API token that may push; otherwise $PLUE_TOKEN
  --force             also move refs to what doesn't contain their old value
  --part-mib N        size of a part, 1 to 64 (32 unless said)
  --parallel N        parts under way at a time (3 unless said)
`;
const MIB = 1024 * 1024;
const POLL_MS = 1000;

interface Wanted {
  readonly path: string;
  readonly url: URL;
  readonly token: string;
  readonly isForced: boolean;
  readonly partBytes: number | undefined;
  readonly parallel: number;
}

function readArguments(): Wanted | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "token-file": { type: "string" },
      force: { type: "boolean", default: false },
      "part-mib": { type: "string" },
      parallel: { type: "string", default: "3" },
    },
  });
  const [path, address] = positionals;
  const file = values["token-file"];
  const token = file === undefined ? process.env.PLUE_TOKEN : readFileSync(file, "utf8").trim();
  const parallel = Number(values.parallel);
  const partMib = values["part-mib"];
  const isBad =
    !Number.isInteger(parallel) || parallel < 1 || (partMib !== undefined && !(Number(partMib) > 0));
  if (path === undefined || address === undefined || token === undefined || isBad) return undefined;
  const url = new URL(address.replace(/(\.git)?\/*$/, ""));
  const partBytes = partMib === undefined ? undefined : Math.round(Number(partMib) * MIB);
  return { path, url, token, isForced: values.force, partBytes, parallel };
}

/** The import to go on with: the one that was begun with this bundle, else a new one. */
async function openImport(
  imports: ForgeImports,
  source: ImportSource,
  wanted: Wanted,
): Promise<ImportAnswer> {
  const { rememberedId } = source;
  const known = rememberedId === undefined ? null : await imports.find(rememberedId);
  if (known !== null && ["uploading", "queued", "indexing", "done"].includes(known.state)) {
    console.log(
      `Going on with import ${known.id}: ${known.received_parts.length} of ${known.parts} parts are there`,
    );
    return known;
  }
  const begun = await imports.begin({
    size_bytes: source.sizeBytes,
    part_size_bytes: wanted.partBytes,
    force: wanted.isForced,
  });
  source.remember(begun.id);
  console.log(`Import ${begun.id}: ${begun.parts} parts, ${(source.sizeBytes / MIB).toFixed(1)} MiB`);
  return begun;
}

async function uploadParts(
  imports: ForgeImports,
  source: ImportSource,
  { id, parts, part_size_bytes: partBytes, received_parts: received }: ImportAnswer,
  parallel: number,
  bar: ProgressBar,
): Promise<void> {
  const there = new Set(received);
  const left = Array.from({ length: parts }, (_, at) => at + 1).filter((part) => !there.has(part));
  const file = await open(source.bundleFile, "r");
  const work = async () => {
    for (let part = left.shift(); part !== undefined; part = left.shift()) {
      const offset = (part - 1) * partBytes;
      const bytes = new Uint8Array(Math.min(partBytes, source.sizeBytes - offset));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
      if (bytesRead !== bytes.length) throw new Error(`${source.bundleFile} is shorter than it was`);
      await imports.putPart(id, part, bytes);
      there.add(part);
      bar.show("uploading", there.size, parts);
    }
  };
  try {
    bar.show("uploading", there.size, parts);
    await Promise.all(Array.from({ length: parallel }, work));
  } finally {
    // After a failure the others begin no further part.
    left.length = 0;
    await file.close();
  }
}

async function waitForEnd(imports: ForgeImports, id: number, bar: ProgressBar): Promise<ImportAnswer> {
  for (;;) {
    const answer = await imports.find(id);
    if (answer === null) throw new Error("the import is gone");
    if (answer.state !== "queued" && answer.state !== "indexing") return answer;
    const { phase, done, total } = answer.progress ?? { phase: "waiting", done: 0, total: 0 };
    bar.show(phase, done, total);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** @returns the exit status: 0 when the refs have moved, 1 when the import failed. */
async function runImport(wanted: Wanted): Promise<number> {
  const source = await openSource(wanted.path, wanted.url.href, (line) => console.log(line));
  const imports = new ForgeImports(wanted.url, wanted.token);
  const bar = createProgressBar(process.stderr);
  const begun = await openImport(imports, source, wanted);
  if (begun.state === "uploading") {
    await uploadParts(imports, source, begun, wanted.parallel, bar);
    await imports.complete(begun.id);
  }
  const end = await waitForEnd(imports, begun.id, bar);
  bar.end();
  source.forget();
  if (end.state !== "done" || end.result === null) {
    console.error(showLines(`The import has ${end.state}; nothing has moved.\n${end.failure ?? ""}`));
    return 1;
  }
  const { moved, unchanged, skipped, skipped_names: names, lines } = end.result;
  console.log(`Imported: ${moved} refs moved, ${unchanged} were there already`);
  if (skipped > 0)
    console.log(
      `${skipped} refs are not a client's to set and were left out: ${names.map(showLine).join(" ")}`,
    );
  for (const line of lines) console.log(showLine(line));
  return 0;
}

const describeFailure = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

const wanted = readArguments();
if (wanted === undefined) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await runImport(wanted);
  } catch (error) {
    const isRefused = error instanceof ImportRefused;
    console.error(showLines(isRefused ? `Refused: ${error.message}` : describeFailure(error)));
    if (!isRefused) console.error("Start it again with the same words and it goes on where it was.");
    process.exitCode = 1;
  }
}
