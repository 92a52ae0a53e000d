// Tells the Worker that the outbox has something to send. Only a hint: its cron sends what a lost one left.
import { setTimeout as wait } from "node:timers/promises";
import { SIGNATURE_HEADER, signRequest } from "../schema/signature.ts";
import type { Log } from "./log.ts";

const POKE_PATH = "/internal/outbox";
const POKE_TIMEOUT_MS = 5_000;
const SETTLE_MS = 500;

interface WorkerPoke {
  /** Returns at once. Pokes that come while one is on its way are one more. */
  poke(): void;
  /** Resolves when the poke that is on its way has arrived or failed, or after a moment. */
  settle(): Promise<void>;
}

export function createWorkerPoke(workerUrl: string, secret: string, log: Log): WorkerPoke {
  let sending: Promise<void> | null = null;
  let isWanted = false;

  async function sendWanted(): Promise<void> {
    while (isWanted) {
      isWanted = false;
      try {
        await sendPoke(workerUrl, secret);
      } catch (error) {
        log.warn("the Worker was not told of the outbox; it will see by itself", { error: String(error) });
      }
    }
    sending = null;
  }

  return {
    poke: () => {
      isWanted = true;
      sending ??= sendWanted();
    },
    settle: async () => {
      await Promise.race([sending, wait(SETTLE_MS, undefined, { ref: false })]);
    },
  };
}

async function sendPoke(workerUrl: string, secret: string): Promise<void> {
  const signature = await signRequest(secret, { method: "POST", path: POKE_PATH, body: "" });
  const response = await fetch(`${workerUrl}${POKE_PATH}`, {
    method: "POST",
    headers: { [SIGNATURE_HEADER]: signature },
    signal: AbortSignal.timeout(POKE_TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the Worker answered ${response.status}`);
}
