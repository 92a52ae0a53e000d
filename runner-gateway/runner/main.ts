// The program inside a sandbox: makes ready what needs no identity, waits for its job, does it, reports it, ends.
import { chmodSync, mkdirSync } from "node:fs";
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
  const folder = prepareFolder(process.env.PLUE_RUNNER_FOLDER ?? join(work, ".plue-runner"));
  preparePipes(folder);
  const stepPrefix = process.argv.slice(2);
  const prepared = prepareCheckout(join(work, "repo"), folder, stepPrefix);
  const client = createGatewayClient(socketPath);
  const forwarder = await startForwarder(client);

  const handover = await awaitHandover(client);
  forwarder.authorise(handover.gitToken);
  const log = new EventLog();
  const sending = sendEvents(client, handover.reportToken, log);
  const stopping = new AbortController();
  stopping.signal.addEventListener("abort", () => log.close());
  process.once("SIGTERM", () => stopping.abort());
  const place = {
    folder,
    stepPrefix,
    prepared,
    client,
    port: forwarder.port,
    isAlone,
    signal: stopping.signal,
  };
  const working = runJob(handover, place, log);
  if ((await Promise.race([sending, working.then(() => sending), aborted(stopping.signal)])) === "sent") {
    process.exit(0);
  }
  // Another attempt has the job, or this sandbox is being ended: what runs here is ended with it.
  stopping.abort();
  await Promise.race([working, wait(KILL_GRACE_MS + PIPE_LINGER_MS)]);
  process.exit(3);
}

/** Steps may open what they are told of in it, and neither see nor replace anything. */
function prepareFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o711);
  return folder;
}

function aborted(signal: AbortSignal): Promise<"aborted"> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve("aborted"), { once: true }));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
