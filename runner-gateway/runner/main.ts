// The program inside a sandbox: makes ready what needs no identity, waits for its job, does it, reports it, ends.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { awaitHandover } from "./await-handover.ts";
import { prepareCheckout } from "./checkout.ts";
import { EventLog } from "./event-log.ts";
import { startForwarder } from "./forwarder.ts";
import { createGatewayClient } from "./gateway-client.ts";
import { isAloneInSandbox } from "./leftovers.ts";
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
  const checkout = join(work, "repo");
  mkdirSync(folder, { mode: 0o700 });
  preparePipes(folder);
  prepareCheckout(checkout);
  const client = createGatewayClient(socketPath);
  const forwarder = await startForwarder(client);

  const handover = await awaitHandover(client);
  forwarder.authorise(handover.runToken);
  const log = new EventLog();
  const sending = sendEvents(client, handover.runToken, log);
  const working = runJob(handover, { folder, checkout, client, port: forwarder.port, isAlone }, log);
  // A refusal means that another attempt has the job: what still runs here ends with the sandbox.
  const end = await Promise.race([sending, working.then(() => sending)]);
  process.exit(end === "sent" ? 0 : 3);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
