// A standby's wait for its job: one question to the gateway after another until one is answered.
import { setTimeout as wait } from "node:timers/promises";
import type { Handover } from "../../schema/wire/handover.ts";
import type { GatewayClient } from "./gateway-client.ts";
import { RETRY_FIRST_MS, RETRY_LONGEST_MS } from "./limits.ts";

/** The answer that held the job is lost, and with it this sandbox's use. */
class HandedOverError extends Error {}

/** Resolves with the job; what the gateway says is believed, as the sandbox is its own. */
export async function awaitHandover(client: GatewayClient): Promise<Handover> {
  for (let delayMs = RETRY_FIRST_MS; ; delayMs = Math.min(delayMs * 2, RETRY_LONGEST_MS)) {
    try {
      const { status, body } = await client.get("/v1/handover");
      if (status === 200) return JSON.parse(body);
      if (status === 204) {
        delayMs = RETRY_FIRST_MS / 2;
        continue;
      }
      if (status === 410) throw new HandedOverError("the gateway handed this sandbox's job over already");
      process.stderr.write(`the gateway answered ${status} to a standby\n`);
    } catch (error) {
      if (error instanceof HandedOverError) throw error;
      process.stderr.write(`the gateway can't be reached: ${String(error)}\n`);
    }
    await wait(delayMs);
  }
}
