// The program inside a sandbox: makes ready what needs no identity, waits for its job, does it, reports it, ends.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { awaitHandover } from "./await-handover.ts";
import { prepareCheckout } from "./checkout.ts";
import { EventLog } from "./event-log.ts";
import { startForwarder } from "./forwarder.ts";
import { createGatewayClient } from "./gateway-client.ts";
import { isAloneInSandbox } from "./leftovers.ts";
import { KILL_GRACE_MS, PIPE_LINGER_MS } from "./limits.ts";
import { runJob } from "./run-job.ts";
import { sendEvents } from "./send-events.ts";
import { preparePipes } from "./step-pipes.ts";

async function main(): Promise<void> {
  const isAlone = isAloneInSandbox();
  const socketPath = process.env.PLUE_GATEWAY_SOCKET;
  if (socketPath === undefined) throw new Error("PLUE_GATEWAY_SOCKET isn't set");
  // Where the sandbox starts it.
  const work = process.cwd();
  const folder = join(work, ".plue-runner");
  mkdirSync(folder, { mode: 0o700 });
  preparePipes(folder);
  const prepared = prepareCheckout(join(work, "repo"));
  const client = createGatewayClient(socketPath);
  const forwarder = await startForwarder(client);

  const handover = await awaitHandover(client);
  forwarder.authorise(handover.runToken);
  const log = new EventLog();
  const sending = sendEvents(client, handover.runToken, log);
  const stopping = new AbortController();
  stopping.signal.addEventListener("abort", () => log.close());
  process.once("SIGTERM", () => stopping.abort());
  const place = { folder, prepared, client, port: forwarder.port, isAlone, signal: stopping.signal };
  const working = runJob(handover, place, log);
  if ((await Promise.race([sending, working.then(() => sending), aborted(stopping.signal)])) === "sent") {
    process.exit(0);
  }
  // Another attempt has the job, or this sandbox is being ended: what runs here is ended with it.
  stopping.abort();
  await Promise.race([working, wait(KILL_GRACE_MS + PIPE_LINGER_MS)]);
  process.exit(3);
}

function aborted(signal: AbortSignal): Promise<"aborted"> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve("aborted"), { once: true }));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
