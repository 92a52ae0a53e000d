// What must hold before the parts are started, and what "ready" means after.
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "pg";
import { z } from "zod";
import { isListening } from "./tcp-ports.ts";

const readyTimeoutMs = 120_000;
const pollMs = 20;
const holderTimeoutMs = 2_000;

/** As much of what /api/health answers as tells it from another program's. */
const healthSchema = z.object({
  version: z.string(),
  parts: z.looseObject({ database: z.unknown(), r2: z.unknown() }),
});

/** @throws Error that says what to set when the site's port is taken on either loopback address. */
export async function requireFreePort(port: number): Promise<void> {
  for (const host of ["127.0.0.1", "::1"]) {
    if (!(await isListening(port, host))) continue;
    const holder = (await isPlue(port, host))
      ? "by Plue itself, which is running already"
      : "by another program";
    throw new Error(`Port ${port} is in use ${holder}. Set PLUE_PORT to a free one.`);
  }
}

/** Whether what listens there answers as Plue does; whatever else it does instead, it is another program. */
async function isPlue(port: number, host: string): Promise<boolean> {
  const address = host.includes(":") ? `[${host}]` : host;
  try {
    const response = await fetch(`http://${address}:${port}/api/health`, {
      signal: AbortSignal.timeout(holderTimeoutMs),
      redirect: "manual",
    });
    return healthSchema.safeParse(await response.json()).success;
  } catch {
    return false;
  }
}

/** @throws Error that names DATABASE_URL when it leads nowhere. */
export async function requireDatabase(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new Error(`The PostgreSQL of DATABASE_URL can't be reached: ${reason}`, { cause });
  }
  await client.end();
}

/** Resolves when something listens on the port. */
export async function waitForPort(port: number): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs;
  while (!(await isListening(port))) {
    if (Date.now() > deadline)
      throw new Error(`Nothing listened on port ${port} after ${readyTimeoutMs} ms.`);
    await wait(pollMs);
  }
}

/** Resolves when the Worker answers that it and all that it leans on are well. */
export async function waitForHealth(port: number): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs;
  let answer = "no answer";
  while (Date.now() < deadline) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/api/health`);
      if (response.ok) return;
      answer = `${response.status} ${await response.text()}`;
    } catch (error) {
      answer = String(error);
    }
    await wait(pollMs);
  }
  throw new Error(`The Worker wasn't well after ${readyTimeoutMs} ms: ${answer}`);
}
