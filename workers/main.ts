// The Worker's three ways in: requests, queue messages, the clock. Wiring and nothing else.
import { isDeadLetterQueue, keepDeadLetters } from "./admin/dead-letters.ts";
import { app } from "./app.ts";
import { strikeClock } from "./clock/service.ts";
import { makeBackground } from "./core/background.ts";
import { createDatabase } from "./core/db.ts";
import { type Bindings, parseEnv } from "./core/env.ts";
import { createLog } from "./core/log.ts";
import { consumeMaintenance } from "./git/housekeeping/consume-maintenance.ts";
import { consumeImports } from "./imports/consume-queue.ts";
import { consumeDeliveries } from "./mail/consume-queue.ts";
import { consumeRuns } from "./runs/consume-queue.ts";

export default {
  fetch: app.fetch,

  async queue(batch, bindings, context) {
    const env = parseEnv(bindings);
    const log = createLog({ queue: batch.queue });
    if (isDeadLetterQueue(batch.queue)) {
      await keepDeadLetters(createDatabase(env), batch);
    } else if (batch.queue === "imports") {
      const background = makeBackground(context, log);
      await consumeImports({ env, database: createDatabase(env), log, background }, batch);
    } else if (batch.queue === "maintenance") {
      await consumeMaintenance({ env, database: createDatabase(env), log }, batch);
    } else if (batch.queue === "deliveries") {
      await consumeDeliveries({ env, database: createDatabase(env), log }, batch);
    } else await consumeRuns({ env, database: createDatabase(env), log }, batch);
  },

  async scheduled(controller, bindings) {
    const env = parseEnv(bindings);
    await strikeClock({ env, database: createDatabase(env), log: createLog({ cron: controller.cron }) });
  },
} satisfies ExportedHandler<Bindings>;
