// Makes the runner program: one JavaScript file that a sandbox's Node runs, with nothing beside it.
import { chmodSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

/** Writes the runner program to `outputFile`. */
export async function bundleRunner(outputFile: string): Promise<void> {
  mkdirSync(dirname(outputFile), { recursive: true, mode: 0o700 });
  await build({
    entryPoints: [join(import.meta.dirname, "runner/main.ts")],
    outfile: outputFile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    logLevel: "silent",
  });
  chmodSync(outputFile, 0o600);
}
