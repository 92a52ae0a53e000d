// What benches make once and use again: folders outside the repository, named by all that they are made from.
// Invariant: a folder is there whole or not at all.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where benches keep things: PLUE_BENCH_CACHE, or else below the user's cache folder. */
function findCacheFolder(): string {
  const caches = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const folder = process.env.PLUE_BENCH_CACHE ?? join(caches, "plue-bench");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The folder made from `source` by `make`, which is called only when it isn't there yet. */
export async function cacheFolder(
  name: string,
  source: unknown,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(source)).digest("hex").slice(0, 12);
  const target = join(findCacheFolder(), `${name}-${hash}`);
  if (existsSync(target)) return target;
  const half = mkdtempSync(join(findCacheFolder(), "half-"));
  try {
    await make(half);
    renameSync(half, target);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  return target;
}
