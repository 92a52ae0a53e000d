// The gateway as a whole: its parts made and joined, started in order and stopped in the reverse one.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "drizzle-orm";
import { Dispatcher, type Sandboxes } from "./attempts/dispatcher.ts";
import { SandboxDoor } from "./attempts/sandbox-door.ts";
import type { GatewayConfig } from "./config.ts";
import { type Database, openDatabase } from "./database.ts";
import type { SandboxHandler } from "./drivers/driver.ts";
import { createGatewayHandler } from "./http/gateway-api.ts";
import { createGitProxy } from "./http/git-proxy.ts";
import { createSandboxHandler } from "./http/sandbox-api.ts";
import { POLL_INTERVAL_MS, RENEW_INTERVAL_MS } from "./limits.ts";
import type { Log } from "./log.ts";
import { type Mailer, openMailer } from "./mail/mailer.ts";
import { takeNameLock } from "./name-lock.ts";
import { writePool } from "./pool-table.ts";
import { startRepetition } from "./repeat.ts";
import { releaseFormerAttempts } from "./runs/leases.ts";
import { createRunLedger } from "./runs/run-ledger.ts";
import { followOthers } from "./stream/follow-others.ts";
import { RunFeed } from "./stream/run-feed.ts";
import { serveStream } from "./stream/serve-stream.ts";
import { createWorkerPoke } from "./worker-client.ts";

export interface RunningGateway {
  readonly port: number;
  /** Resolves when this process may no longer act under its name. */
  readonly displaced: Promise<void>;
  /** Gives all jobs back, ends every stream and sandbox. */
  stop(): Promise<void>;
}

/**
 * Starts a gateway.
 * @param openSandboxes makes the sandboxes, whose requests go to the handler it is given.
 * @throws Error when its name is held by another gateway or its port by another program.
 */
export async function startGateway(
  config: GatewayConfig,
  log: Log,
  openSandboxes: (handler: SandboxHandler) => Promise<Sandboxes>,
  bounds: { timeoutGraceMs?: number } = {},
): Promise<RunningGateway> {
  await using starting = new AsyncDisposableStack();
  const { database, close } = openDatabase(config.databaseUrl, log);
  starting.defer(close);
  const nameLock = await takeNameLock(config.databaseUrl, config.name, log);
  starting.defer(() => nameLock.release());

  const feed = new RunFeed();
  const worker = createWorkerPoke(config.workerUrl, config.gatewaySecret, log);
  starting.defer(() => worker.settle());
  let dispatcher: Dispatcher | null = null;
  const ledger = createRunLedger(database, {
    published: (runId, events) => feed.publish(runId, events),
    announced: (topics) => {
      worker.poke();
      if (topics.includes("run.queued")) dispatcher?.wake();
    },
  });
  const door = new SandboxDoor();
  const git = createGitProxy(config.workerUrl, log);
  starting.defer(async () => git.close());

  const sandboxes = await openSandboxes(
    createSandboxHandler({ door, git, publicUrl: config.publicUrl, log }),
  );
  if (sandboxes.available) starting.defer(() => sandboxes.driver.close());
  else log.error("no sandbox can be had: every job fails", sandboxes.reason);
  const released = await releaseFormerAttempts(ledger, config.name);
  if (released > 0) log.warn("attempts of an earlier life were given up", { released });

  const mailer = openMailer(config.mail, log);
  if (mailer === null) log.warn("no mail is sent from here: neither SMTP_URL nor MAIL_FOLDER is set");
  starting.defer(async () => mailer?.close());
  const leaving = new AbortController();
  const { name: gateway, concurrency } = config;
  const options = { ledger, door, sandboxes, gateway, concurrency, log, ...bounds };
  const dispatching = new Dispatcher(options);
  dispatcher = dispatching;
  starting.defer(() => dispatching.stop());
  const server = await listen(config, log, {
    database,
    feed,
    dispatching,
    sandboxes,
    mailer,
    signal: leaving.signal,
  });
  starting.defer(async () => {
    leaving.abort();
    server.close();
    server.closeAllConnections();
  });
  starting.defer(keepFollowing(database, feed, log));
  starting.defer(keepPool(database, config, sandboxes, log));

  const running = starting.move();
  return {
    port: (server.address() as AddressInfo).port,
    displaced: nameLock.taken,
    stop: () => running.disposeAsync(),
  };
}

interface ServedParts {
  database: Database;
  feed: RunFeed;
  dispatching: Dispatcher;
  sandboxes: Sandboxes;
  mailer: Mailer | null;
  signal: AbortSignal;
}

async function listen(config: GatewayConfig, log: Log, parts: ServedParts): Promise<Server> {
  const { database, feed, dispatching, signal } = parts;
  const handler = createGatewayHandler(
    {
      wake: () => dispatching.wake(),
      lookAtCancel: () => dispatching.lookAtCancels(),
      countReaders: () => feed.followerCount,
      describeHealth: () => describeHealth(config, parts),
      sendMail: async (mail) => (parts.mailer === null ? null : parts.mailer.send(mail)),
      streamRun: async (runId, afterSeq, response) => {
        const end = await serveStream(response, { database, feed, runId, afterSeq, signal });
        if (end === "stalled") log.warn("a reader took nothing for too long and was dropped", { runId });
      },
    },
    config.gatewaySecret,
    log,
  );
  const server = createServer(handler);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, "127.0.0.1", resolve);
  });
  return server;
}

async function describeHealth(config: GatewayConfig, parts: ServedParts): Promise<object> {
  const { sandboxes, dispatching, feed } = parts;
  const startedAtMs = performance.now();
  await parts.database.execute(sql`SELECT 1`);
  const latencyMs = Math.round((performance.now() - startedAtMs) * 10) / 10;
  const standbys = sandboxes.available
    ? sandboxes.driver.list().filter(({ state }) => state === "standby").length
    : 0;
  return {
    ok: true,
    gateway: config.name,
    sandbox: sandboxes.available ? sandboxes.driver.description : `none: ${sandboxes.reason}`,
    sandboxAvailable: sandboxes.available,
    driver: sandboxes.available ? sandboxes.driver.name : null,
    standbys,
    mail: config.mail.kind,
    running: dispatching.runningCount,
    readers: feed.followerCount,
    database: { latencyMs },
  };
}

function keepFollowing(database: Database, feed: RunFeed, log: Log): () => Promise<void> {
  const work = () => followOthers(database, feed);
  const repetition = startRepetition("looking for others' events", POLL_INTERVAL_MS, work, log);
  return () => repetition.stop();
}

/** Keeps the pool's rows as the driver tells, and takes them away at the end. */
function keepPool(
  database: Database,
  config: GatewayConfig,
  sandboxes: Sandboxes,
  log: Log,
): () => Promise<void> {
  if (!sandboxes.available) return async () => undefined;
  const { driver } = sandboxes;
  const write = () => writePool(database, config.name, driver.name, driver.list());
  const repetition = startRepetition("writing the pool", RENEW_INTERVAL_MS, write, log);
  const unsubscribe = driver.subscribe(() => repetition.kick());
  repetition.kick();
  driver.warm(config.poolSize).then(
    () => log.info("the sandbox pool is warm", { standbys: config.poolSize }),
    (error: unknown) => log.error("the sandbox pool doesn't fill", error),
  );
  return async () => {
    unsubscribe();
    await repetition.stop();
    await writePool(database, config.name, driver.name, []);
  };
}
