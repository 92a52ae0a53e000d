// Makes one script of the Worker, the way `wrangler deploy` does.
import { createHash } from "node:crypto";
import { build } from "esbuild";

export type WorkerBundle = {
  script: string;
  sourceMap: string;
  /** A hash of the script, for BUILD_VERSION. */
  version: string;
};

const versionLength = 12;

/** @throws esbuild's BuildFailure, whose message names file and line. */
export async function bundleWorker(entryPoint: string): Promise<WorkerBundle> {
  const result = await build({
    entryPoints: [entryPoint],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
    jsx: "automatic",
    jsxImportSource: "hono/jsx",
    keepNames: true,
    sourcemap: "external",
    outfile: "main.js",
    logLevel: "silent",
  });
  const script = result.outputFiles.find(({ path }) => path.endsWith(".js"))?.text ?? "";
  const sourceMap = result.outputFiles.find(({ path }) => path.endsWith(".map"))?.text ?? "";
  return {
    script,
    sourceMap,
    version: createHash("sha256").update(script).digest("hex").slice(0, versionLength),
  };
}
