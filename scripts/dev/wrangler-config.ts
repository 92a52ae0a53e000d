// Reads wrangler.toml, so that the local Worker has the bindings that the deployed one has. Invariant: a setting that
// isn't understood here stops the start, and is never left out in silence.
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { z } from "zod";

const consumerSchema = z.strictObject({
  queue: z.string(),
  max_batch_size: z.number().optional(),
  max_batch_timeout: z.number().optional(),
  /** Matters to a deployment only: how many calls run at a time. */
  max_concurrency: z.unknown().optional(),
  max_retries: z.number().optional(),
  retry_delay: z.number().optional(),
  dead_letter_queue: z.string().optional(),
});

const rateLimitSchema = z.strictObject({
  name: z.string(),
  namespace_id: z.string(),
  simple: z.strictObject({ limit: z.number(), period: z.union([z.literal(10), z.literal(60)]) }),
});

const schema = z.strictObject({
  name: z.string(),
  main: z.string(),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()).default([]),
  vars: z.record(z.string(), z.string()).default({}),
  r2_buckets: z.array(z.strictObject({ binding: z.string(), bucket_name: z.string() })).default([]),
  ratelimits: z.array(rateLimitSchema).default([]),
  queues: z
    .strictObject({
      producers: z.array(z.strictObject({ binding: z.string(), queue: z.string() })).default([]),
      consumers: z.array(consumerSchema).default([]),
    })
    .default({ producers: [], consumers: [] }),
  triggers: z.strictObject({ crons: z.array(z.string()).default([]) }).default({ crons: [] }),
  // What matters to a deployment only.
  workers_dev: z.unknown().optional(),
  keep_vars: z.unknown().optional(),
  build: z.unknown().optional(),
  observability: z.unknown().optional(),
  limits: z.unknown().optional(),
  routes: z.unknown().optional(),
});

export type WranglerConfig = z.infer<typeof schema>;

/** @throws Error naming the setting that is wrong or not understood. */
export function readWranglerConfig(file: string): WranglerConfig {
  const result = schema.safeParse(parse(readFileSync(file, "utf8")));
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`${file} isn't understood by npm start:\n${problems.join("\n")}`);
}
