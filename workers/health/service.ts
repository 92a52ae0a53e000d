// Whether each part the Worker leans on answers, and how fast. Kept for a few seconds, so that asking is cheap
// for everyone and can't be used to load the parts.
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { callGateway } from "../core/gateway-client.ts";
import { HEALTH_KEPT_MS, HEALTH_TIMEOUT_MS } from "../core/limits.ts";
import { describeCause, type Log } from "../core/log.ts";

export interface PartHealth {
  ok: boolean;
  /** Milliseconds until it answered, or until it was given up. */
  latencyMs: number;
  /** What it said of itself; for the gateway, which sandbox it has. */
  detail: string | null;
}

interface Health {
  ok: boolean;
  version: string;
  parts: { database: PartHealth; r2: PartHealth; queue: PartHealth; gateway: PartHealth };
}

const kept = new WeakMap<Env, { health: Health; atMs: number }>();

/** Asks every part at once. */
export async function checkHealth(env: Env, database: Database, log: Log): Promise<Health> {
  const known = kept.get(env);
  if (known && Date.now() - known.atMs < HEALTH_KEPT_MS) return known.health;
  const [databaseHealth, r2, queue, gateway] = await Promise.all([
    measure("database", log, async () => {
      await database.query.execute(sql`SELECT 1`);
      return null;
    }),
    measure("r2", log, async () => {
      await env.objects.head("health");
      return null;
    }),
    measure("queue", log, async () => {
      const { backlogCount } = await env.runsQueue.metrics();
      return `${backlogCount} waiting`;
    }),
    measure("gateway", log, () => askGateway(env)),
  ]);
  const parts = { database: databaseHealth, r2, queue, gateway };
  const health = { ok: Object.values(parts).every((part) => part.ok), version: env.buildVersion, parts };
  kept.set(env, { health, atMs: Date.now() });
  return health;
}

async function askGateway(env: Env): Promise<string | null> {
  const response = await callGateway(env, "GET", "/health", {
    signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
  });
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`the gateway answered ${response.status}`);
  return describeSandbox(body);
}

const gatewayHealthSchema = z.object({ sandbox: z.string(), standbys: z.number().int() });

function describeSandbox(body: unknown): string {
  const { sandbox, standbys } = gatewayHealthSchema.parse(body);
  return `${sandbox}; ${standbys} standing by`;
}

async function measure(part: string, log: Log, ask: () => Promise<string | null>): Promise<PartHealth> {
  const startedAtMs = Date.now();
  try {
    const detail = await withTimeout(ask());
    return { ok: true, latencyMs: Date.now() - startedAtMs, detail };
  } catch (error) {
    log.warn("a part is not healthy", { part, cause: describeCause(error) });
    return { ok: false, latencyMs: Date.now() - startedAtMs, detail: "it does not answer" };
  }
}

async function withTimeout<Result>(work: Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${HEALTH_TIMEOUT_MS} ms`)),
      HEALTH_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
