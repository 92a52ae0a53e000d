// The Worker's three ways in: requests, queue messages, the clock. Wiring and nothing else.
import { app } from "./app.ts";
import { expireCredentials } from "./auth/service.ts";
import { createDatabase } from "./core/db.ts";
import { type Bindings, parseEnv } from "./core/env.ts";
import { createLog } from "./core/log.ts";
import { deleteSentEvents, drainOutbox } from "./core/outbox.ts";
import { consumeMaintenance, tickMaintenance } from "./git/housekeeping/consume-maintenance.ts";
import { consumeImports } from "./imports/consume-queue.ts";
import { sweepImports } from "./imports/service.ts";
import { consumeRuns } from "./runs/consume-queue.ts";

export default {
  fetch: app.fetch,

  async queue(batch, bindings, context) {
    const env = parseEnv(bindings);
    const log = createLog({ queue: batch.queue });
    if (batch.queue === "imports") {
      const waitUntil = (work: Promise<unknown>) => context.waitUntil(work);
      await consumeImports({ env, database: createDatabase(env), log, waitUntil }, batch);
    } else if (batch.queue === "maintenance") {
      await consumeMaintenance({ env, database: createDatabase(env), log }, batch);
    } else await consumeRuns(env, log, batch);
  },

  async scheduled(controller, bindings) {
    const env = parseEnv(bindings);
    const database = createDatabase(env);
    await drainOutbox(env, database);
    await deleteSentEvents(database);
    await expireCredentials(database);
    await sweepImports({ env, database });
    const log = createLog({ cron: controller.cron });
    await tickMaintenance({ env, database, log });
    log.info("swept");
  },
} satisfies ExportedHandler<Bindings>;
