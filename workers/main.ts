// The Worker's three ways in: requests, queue messages, the clock. Wiring and nothing else.
import type { RunsMessage } from "../schema/wire/outbox.ts";
import { app } from "./app.ts";
import { expireCredentials } from "./auth/service.ts";
import { createDatabase } from "./core/db.ts";
import { type Bindings, parseEnv } from "./core/env.ts";
import { createLog } from "./core/log.ts";
import { deleteSentEvents, drainOutbox } from "./core/outbox.ts";
import { consumeRuns } from "./runs/consume-queue.ts";

export default {
  fetch: app.fetch,

  async queue(batch, bindings) {
    await consumeRuns(parseEnv(bindings), createLog({ queue: batch.queue }), batch);
  },

  async scheduled(controller, bindings) {
    const env = parseEnv(bindings);
    const database = createDatabase(env);
    await drainOutbox(env, database);
    await deleteSentEvents(database);
    await expireCredentials(database);
    createLog({ cron: controller.cron }).info("swept");
  },
} satisfies ExportedHandler<Bindings, RunsMessage>;
