// What a push means beyond its refs: the rules for branches, and runs. Hooked into the git engine, which knows of neither.
import type { RunInBackground } from "../core/background.ts";
import type { Database } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import type { Log } from "../core/log.ts";
import { drainOutbox } from "../core/outbox.ts";
import type { PreparedPush, PushContext } from "../git/http/dependencies.ts";
import { guardPush, type Pusher } from "../protection/guard-push.ts";
import { readKnownDefinitions } from "./known-definitions.ts";
import { describePush, type PlanSources, planPush, type StartedRuns } from "./plan-push.ts";
import { wakeGateway } from "./wake-gateway.ts";
import { writeRuns } from "./write-runs.ts";

/** Judges by the rules, reads definitions before the transaction, writes runs in it, and sends the outbox after it. */
export async function preparePush(
  services: { env: Env; database: Database; log: Log; background: RunInBackground },
  pusher: Pusher,
  push: PushContext,
): Promise<PreparedPush> {
  const { id: repositoryId, defaultBranch } = push.repository;
  const readKnown: PlanSources["readKnown"] = (files) =>
    readKnownDefinitions(services.database, repositoryId, files);
  const plan = await planPush({ objects: push.objects, readKnown, defaultBranch }, push.updates);
  const guard = guardPush(push, pusher);
  let runs: StartedRuns = { made: [], left: 0 };
  return {
    judge: guard.judge,
    async commit(transaction, _operationId, accepted) {
      await guard.recordBypasses(transaction, accepted);
      const target = { repositoryId: push.repository.id, actorId: push.actor.id };
      runs = await writeRuns(transaction, target, plan, accepted);
    },
    async committed(isCrowded) {
      const { env, database, log, background } = services;
      // The queue does this too, but takes its time.
      if (runs.made.length > 0) {
        background("the gateway was not woken", () => wakeGateway(env), "warn");
      }
      // Of the push itself nobody hears who couldn't wait for the clock.
      if (runs.made.length > 0 || isCrowded) {
        background("the outbox was not sent; the clock will", () => drainOutbox({ env, database, log }));
      }
      return describePush(plan, runs, `${env.publicUrl}/${push.repository.owner}/${push.repository.name}`);
    },
  };
}
