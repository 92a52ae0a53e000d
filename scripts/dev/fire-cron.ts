// Has the Worker do what falls due at a moment of its cron triggers. The Worker is looked up each time: workerd may
// have been started again since, and what leads to the one before is of no use.
import type { Miniflare } from "miniflare";

/** Resolves when the Worker is done, with why it could not be reached or what it threw; null when all is well. */
export async function fireCron(miniflare: Miniflare, cron: string, at: Date): Promise<string | null> {
  try {
    const worker = await miniflare.getWorker();
    await worker.scheduled({ cron, scheduledTime: at });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
