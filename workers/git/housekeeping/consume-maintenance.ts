// The consumer of the `maintenance` queue and what the clock does for it. A message is one step in one repository, and
// only a hint: a lost one is sent anew by the clock, a double one finds the work done or somebody at it.
import { sql } from "drizzle-orm";
import { z } from "zod";
import { type MaintenanceMessage, maintenanceMessageSchema } from "../../../schema/wire/outbox.ts";
import type { Database } from "../../core/db.ts";
import type { Env } from "../../core/env.ts";
import type { Log } from "../../core/log.ts";
import { noteFailure } from "../../core/message-failures.ts";
import { DUE_REPOSITORIES_PER_TICK, GAPS_PER_TICK, OLD_GRAPHS_PER_TICK } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { bigintColumn, queryRows } from "../store/query-rows.ts";
import { deleteRetiredPacks } from "./delete-packs.ts";
import { housekeepRepository } from "./housekeep-repository.ts";
import { postponeDue } from "./lease.ts";
import { listGapsToRecheck, noteGaps } from "./note-gaps.ts";
import { sweepOrphans } from "./sweep-orphans.ts";
import { listOldGraphs } from "./upgrade-graphs.ts";

interface MaintenanceServices {
  readonly env: Env;
  readonly database: Database;
  readonly log: Log;
}

const RETRY_SECONDS = 30;

/** Takes one step for each message; where there is more to do, another message is sent. */
export async function consumeMaintenance(
  { env, database, log }: MaintenanceServices,
  batch: MessageBatch<unknown>,
): Promise<void> {
  for (const message of batch.messages) {
    const parsed = maintenanceMessageSchema.safeParse(message.body);
    if (!parsed.success) {
      log.error("a message of the maintenance queue has no known shape", parsed.error, { id: message.id });
      message.ack();
      continue;
    }
    const { repositoryId } = parsed.data;
    try {
      const outcome = await housekeepRepository({ bucket: env.objects, database, log }, repositoryId);
      log.info("housekeeping", { repositoryId, outcome });
      if (outcome === "stopped") await postponeDue(database, repositoryId);
      if (outcome === "more") await env.maintenanceQueue.send({ kind: "housekeep", repositoryId });
      message.ack();
    } catch (error) {
      log.error("housekeeping failed; it is tried again", error, { repositoryId });
      if (error instanceof GitError) await noteGaps({ database, log }, repositoryId, [error.message]);
      await noteFailure({ database, log }, batch.queue, message.body, error);
      await postponeDue(database, repositoryId);
      message.retry({ delaySeconds: RETRY_SECONDS });
    }
  }
}

/** What one tick of the clock does: hands out what is due, deletes what was retired, sweeps a slice of R2's keys. */
export async function tickMaintenance({ env, database, log }: MaintenanceServices): Promise<void> {
  const due = await queryRows(
    database.query,
    sql`SELECT id FROM repositories
      WHERE housekeep_at <= now() AND (housekeeping_until IS NULL OR housekeeping_until < now())
      ORDER BY housekeep_at LIMIT ${DUE_REPOSITORIES_PER_TICK}`,
    z.object({ id: bigintColumn }),
  );
  const ids = new Set([...due.map(({ id }) => id), ...(await listOldGraphs(database, OLD_GRAPHS_PER_TICK))]);
  for (const id of await listGapsToRecheck(database, GAPS_PER_TICK)) ids.add(id);
  const messages = [...ids].map((id): { body: MaintenanceMessage } => ({
    body: { kind: "housekeep", repositoryId: id },
  }));
  if (messages.length > 0) await env.maintenanceQueue.sendBatch(messages);
  const context = { bucket: env.objects, database, log };
  const packs = await deleteRetiredPacks(context);
  const { deleted: orphans } = await sweepOrphans(context);
  if (packs + orphans > 0) log.info("maintenance", { packs, orphans });
}
