// Tells the Worker that the outbox has something to send. Only a hint: its cron sends what a lost one left.
import { SIGNATURE_HEADER, signRequest } from "../schema/signature.ts";
import type { Log } from "./log.ts";

const POKE_PATH = "/internal/outbox";
const POKE_TIMEOUT_MS = 5_000;

interface WorkerPoke {
  /** Returns at once. Pokes that come while one is on its way are one more. */
  poke(): void;
}

export function createWorkerPoke(workerUrl: string, secret: string, log: Log): WorkerPoke {
  let isSending = false;
  let isWanted = false;

  async function sendWanted(): Promise<void> {
    isSending = true;
    while (isWanted) {
      isWanted = false;
      try {
        await sendPoke(workerUrl, secret);
      } catch (error) {
        log.warn("the Worker was not told of the outbox; it will see by itself", { error: String(error) });
      }
    }
    isSending = false;
  }

  return {
    poke: () => {
      isWanted = true;
      if (!isSending) void sendWanted();
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
