// The gateway's program: configuration, the sandboxes of this machine, and an end in good order.
import { join } from "node:path";
import type { Sandboxes } from "./attempts/dispatcher.ts";
import { bundleRunner } from "./bundle-runner.ts";
import { type GatewayConfig, parseConfig } from "./config.ts";
import { chooseDriver } from "./drivers/choose-driver.ts";
import type { SandboxHandler } from "./drivers/driver.ts";
import { listSearchFolders } from "./drivers/find-programs.ts";
import { defaultSandboxLimits } from "./drivers/limits.ts";
import { startGateway } from "./gateway.ts";
import { STOP_MS } from "./limits.ts";
import { createLog, type Log } from "./log.ts";

async function openSandboxes(config: GatewayConfig, log: Log, handler: SandboxHandler): Promise<Sandboxes> {
  const runnerProgram = join(config.dataFolder, "runner", "runner.js");
  await bundleRunner(runnerProgram);
  const choice = await chooseDriver({
    handler,
    runnerProgram,
    nodePath: process.execPath,
    dataFolder: join(config.dataFolder, "sandboxes"),
    limits: defaultSandboxLimits,
    insist: config.sandbox,
    searchFolders: listSearchFolders(process.env.PATH ?? ""),
    log,
  });
  if (choice.available) log.info("sandbox chosen", { sandbox: choice.driver.description });
  return choice;
}

async function main(): Promise<void> {
  const config = parseConfig(process.env);
  // Sandboxes see files of ours as other users, and take this on; what is private is closed by its own mode.
  process.umask(0o022);
  const log = createLog({ gateway: config.name });
  const ending = Promise.withResolvers<string>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => ending.resolve(signal));
  const gateway = await startGateway(config, log, (handler) => openSandboxes(config, log, handler));
  log.info("listening", { port: gateway.port });
  void gateway.displaced.then(() => ending.resolve("another gateway took this one's name"));
  const reason = await ending.promise;
  log.info("stopping", { reason });
  // What takes longer than this is left to the leases and to the sandboxes' own supervision.
  setTimeout(() => process.exit(1), STOP_MS).unref();
  await gateway.stop();
  log.info("stopped");
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    createLog({}).error("the gateway ended", error);
    process.exit(1);
  },
);
