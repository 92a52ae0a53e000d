// Tells the gateway that there may be jobs to claim. Only a hint: it also polls, and reads all it does from Postgres.
import type { Env } from "../core/env.ts";
import { callGateway } from "../core/gateway-client.ts";

const WAKE_TIMEOUT_MS = 3_000;

/** @throws Error when the gateway isn't reached or refuses. */
export async function wakeGateway(env: Env): Promise<void> {
  const signal = AbortSignal.timeout(WAKE_TIMEOUT_MS);
  const response = await callGateway(env, "POST", "/wake", { body: {}, signal });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the gateway answered ${response.status}`);
}
