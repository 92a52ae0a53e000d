// `npm start`, top to bottom: configuration, data folder, PostgreSQL, Neon bridge, Worker, migrations, seed, gateway,
// ready. Invariant: whatever ends this program, everything it started ends with it.
import { join } from "node:path";
import { makeApplicationRole } from "../application-role.ts";
import { migrateDatabase, readRole } from "../migrate.ts";
import { seedDatabase } from "../seed.ts";
import { type DevConfig, readDevConfig } from "./config.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { watchStarter } from "./lifeline.ts";
import { type NeonBridge, startNeonBridge } from "./neon-bridge/bridge.ts";
import { startPostgres, writeCheckpoint } from "./postgres.ts";
import { findPostgresUser } from "./postgres-files.ts";
import { type SupervisedProgram, startProgram } from "./programs.ts";
import { requireDatabase, requireFreePort, waitForHealth, waitForPort } from "./readiness.ts";
import { provideSystemTools, runTools } from "./system-tools.ts";
import { findFreePort } from "./tcp-ports.ts";

/** Resolves with the reason when the installation must stop. */
const ending = Promise.withResolvers<string | undefined>();

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Starts all parts, each of which is stopped by disposing of `running`. */
async function startPlue(running: AsyncDisposableStack): Promise<void> {
  const config = readDevConfig(process.env, process.cwd());
  await requireFreePort(config.port);
  const folder = openDataFolder(config.dataFolder);
  running.defer(async () => folder.unlock());
  const tools = provideSystemTools(runTools, join(folder.path, "missing-tools"), print);

  const database = await startDatabase(config, folder, running);
  const { databaseUrl, ownerUrl } = database;
  const bridge = await startNeonBridge({ databaseUrl });
  running.defer(() => bridge.stop());

  const programs: SupervisedProgram[] = [];
  running.defer(async () => {
    await Promise.all([...programs.map((program) => program.stop()), database.prepareStop()]);
  });
  const gatewayPort = await findFreePort();
  programs.push(startWorker(config, folder, bridge, gatewayPort));
  const applicationRole = ownerUrl === databaseUrl ? undefined : readRole(databaseUrl);
  await migrateDatabase(ownerUrl, { applicationRole });
  const linkSecret = await seedDatabase(databaseUrl, folder.tokenFile);
  await tools;
  programs.push(startGateway(config, folder, databaseUrl, gatewayPort));

  const failures = programs.map((program) => program.failed);
  await Promise.race([waitForPort(gatewayPort), ...failures]);
  await Promise.race([waitForHealth(config.port), ...failures]);
  for (const program of programs) program.settle();
  print(`ready ${config.publicUrl}`);
  print(`sign in: ${config.publicUrl}/login/once/${linkSecret}        (one use, admin)`);
}

type Database = {
  /** As the role of the Worker and the gateway. */
  databaseUrl: string;
  /** As the role that owns the tables; the same where the user gave but one. */
  ownerUrl: string;
  /** While the programs are still stopping: what makes the server's own stop short. */
  prepareStop(): Promise<void>;
};

/** The user's own PostgreSQL, or the one that we start. */
async function startDatabase(
  config: DevConfig,
  folder: DataFolder,
  running: AsyncDisposableStack,
): Promise<Database> {
  if (config.databaseUrl !== undefined) {
    const { databaseUrl, migrationDatabaseUrl: ownerUrl = databaseUrl } = config;
    await requireDatabase(databaseUrl);
    return { databaseUrl, ownerUrl, prepareStop: async () => undefined };
  }
  const postgresUser = findPostgresUser();
  if (postgresUser !== undefined) folder.admit(postgresUser);
  const logFile = join(folder.logsFolder, "postgres.log");
  const postgres = await startPostgres({
    dataFolder: join(folder.path, "postgres"),
    password: folder.secrets.postgresPassword,
    logFile,
  });
  running.defer(async () => {
    await postgres.server.stop();
  });
  void postgres.server.exited.then((status) =>
    ending.resolve(`PostgreSQL stopped (status ${status}); its log: ${logFile}`),
  );
  const ownerUrl = postgres.url;
  const databaseUrl = await makeApplicationRole(ownerUrl, "plue_app", folder.secrets.applicationPassword);
  return { databaseUrl, ownerUrl, prepareStop: () => writeCheckpoint(ownerUrl) };
}

function startWorker(
  config: DevConfig,
  folder: DataFolder,
  bridge: NeonBridge,
  gatewayPort: number,
): SupervisedProgram {
  const settings = {
    port: config.port,
    inspectorPort: config.inspectorPort,
    stateFolder: join(folder.path, "worker"),
    variables: {
      ...config.workerEnv,
      ENVIRONMENT: "development",
      PUBLIC_URL: config.publicUrl,
      DATABASE_URL: bridge.databaseUrl,
      NEON_PROXY: bridge.address,
      GATEWAY_URL: `http://127.0.0.1:${gatewayPort}`,
      GATEWAY_SECRET: folder.secrets.gatewaySecret,
      // The Worker listens on the loopback addresses alone: a client from elsewhere comes through a proxy on this machine.
      CONNECTION_ADDRESS: "127.0.0.1",
      TRUSTED_PROXIES: config.trustedProxies,
      // One machine's scripts and tests, and nobody else.
      RATE_LIMIT_FACTOR: "20",
    },
  };
  return startProgram({
    name: "worker",
    script: "scripts/dev/worker-process.ts",
    env: { PLUE_WORKER: JSON.stringify(settings) },
    dataFolder: folder.path,
    print,
    maxBackoffMs: config.maxRestartWaitMs,
  });
}

function startGateway(
  config: DevConfig,
  folder: DataFolder,
  databaseUrl: string,
  gatewayPort: number,
): SupervisedProgram {
  return startProgram({
    name: "gateway",
    script: "runner-gateway/main.ts",
    env: {
      MAIL_FOLDER: join(folder.path, "mail"),
      ...config.gatewayEnv,
      DATABASE_URL: databaseUrl,
      WORKER_URL: `http://127.0.0.1:${config.port}`,
      PUBLIC_URL: config.publicUrl,
      GATEWAY_SECRET: folder.secrets.gatewaySecret,
      GATEWAY_PORT: String(gatewayPort),
      GATEWAY_NAME: "local",
      PLUE_DATA: folder.path,
    },
    dataFolder: folder.path,
    print,
    maxBackoffMs: config.maxRestartWaitMs,
  });
}

watchStarter(() => ending.resolve(undefined));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => ending.resolve(undefined));
}
// Whoever read our output may leave first.
process.stdout.on("error", () => undefined);

const running = new AsyncDisposableStack();
startPlue(running).catch((error: unknown) =>
  ending.resolve(error instanceof Error ? error.message : String(error)),
);
const problem = await ending.promise;
if (problem !== undefined) process.stderr.write(`${problem}\n`);
// A start that is told to stop half-way is stopped where it is: what it has begun is in `running`.
await running.disposeAsync();
process.exit(problem === undefined ? 0 : 1);
