// Makes one script of the Worker, the way `wrangler deploy` does.
import { createHash } from "node:crypto";
import { builtinModules } from "node:module";
import { build, type Plugin } from "esbuild";

export type WorkerBundle = {
  script: string;
  sourceMap: string;
  /** A hash of the script, for BUILD_VERSION. */
  version: string;
};

const versionLength = 12;

/**
 * CommonJS packages ask for Node's own modules by `require`, which a module has none of: they are imported instead, as
 * `wrangler deploy` does where nodejs_compat is on.
 */
const nodeModules: Plugin = {
  name: "node-modules",
  setup(bundle) {
    const isRequired = new RegExp(`^(?:node:)?(${builtinModules.join("|")})$`);
    bundle.onResolve({ filter: isRequired }, ({ path, kind }) =>
      kind === "require-call"
        ? { path: path.replace(/^node:/, ""), namespace: "node-module" }
        : { path: `node:${path.replace(/^node:/, "")}`, external: true },
    );
    bundle.onLoad({ filter: /.*/, namespace: "node-module" }, ({ path }) => ({
      contents: `import all from "node:${path}"; export * from "node:${path}"; export default all;`,
      loader: "js",
    }));
  },
};

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
    plugins: [nodeModules],
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
