// The program that runs the Worker on workerd, started by up.ts: the bindings of wrangler.toml, state in a folder,
// cron by the clock, nothing asked of the internet. Prints the Worker's log, one JSON object a line.
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { stop as stopEsbuild } from "esbuild";
import { Miniflare, type MiniflareOptions } from "miniflare";
import { z } from "zod";
import { buildAssets } from "../build-assets.ts";
import { bundleWorker, type WorkerBundle } from "./bundle-worker.ts";
import { startCron } from "./cron.ts";
import { fireCron } from "./fire-cron.ts";
import { forwardLoopback } from "./forward-loopback.ts";
import { readWranglerConfig, type WranglerConfig } from "./wrangler-config.ts";

const root = resolve(import.meta.dirname, "../..");

const settingsSchema = z.object({
  port: z.number(),
  inspectorPort: z.number().optional(),
  stateFolder: z.string(),
  /** Variables and secrets on top of wrangler.toml's. */
  variables: z.record(z.string(), z.string()),
});
type Settings = z.infer<typeof settingsSchema>;

function printLog(level: string, message: string): void {
  // The Worker's own lines are JSON already; whatever else workerd says is wrapped.
  const line = message.startsWith("{")
    ? message
    : JSON.stringify({ at: new Date().toISOString(), level, message });
  process.stdout.write(`${line}\n`);
}

function toMiniflareOptions(
  config: WranglerConfig,
  bundle: WorkerBundle,
  settings: Settings,
): MiniflareOptions {
  const variables = { ...config.vars, BUILD_VERSION: bundle.version, ...settings.variables };
  return {
    cf: false,
    telemetry: { enabled: false },
    ...definedOnly({ inspectorPort: settings.inspectorPort }),
    resourcePersistencePath: settings.stateFolder,
    handleStructuredLogs: ({ level, message }) => printLog(level, message),
    handleUncaughtError: (error) => printLog("error", error.stack ?? error.message),
    workers: [
      {
        config: {
          name: config.name,
          compatibilityDate: config.compatibility_date,
          compatibilityFlags: config.compatibility_flags,
          manifest: {
            mainModule: "main.js",
            modules: {
              "main.js": { type: "esm", contents: `${bundle.script}\n//# sourceMappingURL=main.js.map` },
              "main.js.map": { type: "sourcemap", contents: bundle.sourceMap },
            },
          },
          env: Object.fromEntries([
            ...Object.entries(variables).map(([name, value]) => [name, { type: "text", value }] as const),
            ...config.r2_buckets.map((r2) => [r2.binding, { type: "r2", name: r2.bucket_name }] as const),
            ...config.ratelimits.map(
              ({ name, namespace_id, simple }) =>
                [name, { type: "rate-limit", namespace: namespace_id, simple }] as const,
            ),
            ...config.queues.producers.map(
              (queue) => [queue.binding, { type: "queue", name: queue.queue }] as const,
            ),
          ]),
          triggers: config.queues.consumers.map((consumer) => ({
            type: "queue",
            name: consumer.queue,
            ...definedOnly({
              maxBatchSize: consumer.max_batch_size,
              maxBatchTimeout: consumer.max_batch_timeout,
              maxRetries: consumer.max_retries,
              retryDelay: consumer.retry_delay,
              deadLetterQueue: consumer.dead_letter_queue,
            }),
          })),
        },
        // Straight to the Worker: miniflare's own front door would add a hop and addresses of its own.
        dev: { unsafeDirectSockets: [{ host: "127.0.0.1", port: settings.port }] },
      },
    ],
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
function definedOnly<T extends Record<string, unknown>>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}

async function runWorker(): Promise<void> {
  const settings = settingsSchema.parse(JSON.parse(process.env.PLUE_WORKER ?? "{}"));
  const config = readWranglerConfig(join(root, "wrangler.toml"));
  await buildAssets();
  const bundle = await bundleWorker(join(root, config.main));
  await stopEsbuild();
  // Nothing bounds what the edge's cache holds here, and what an earlier start kept is of no use to a later Worker.
  rmSync(join(settings.stateFolder, "cache"), { recursive: true, force: true });
  // Of what is stored from here on, nothing can be read by another user of the machine.
  process.umask(0o077);
  const miniflare = new Miniflare(toMiniflareOptions(config, bundle, settings));
  await miniflare.ready;
  const stopForwarding = await forwardLoopback(settings.port);
  const stopCron = startCron(config.triggers.crons, (cron, at) => {
    void fireCron(miniflare, cron, at).then((problem) => {
      if (problem !== null) printLog("error", `cron ${cron}: ${problem}`);
    });
  });
  process.once("SIGTERM", async () => {
    stopCron();
    stopForwarding();
    await miniflare.dispose();
    process.exit(0);
  });
}

runWorker().catch((error: unknown) => {
  printLog("error", error instanceof Error ? error.message : String(error));
  process.exit(1);
});
