// The runs of a push, written in its transaction with their jobs, steps and events.
import { writeEvents } from "../../schema/write-events.ts";
import type { Executor } from "../core/db.ts";
import { PLAN_CHARACTERS_PER_PUSH_MAX, RUNS_PER_PUSH_MAX } from "../core/limits.ts";
import { recordRunStatuses } from "../statuses/service.ts";
import { planJobs } from "../workflows/plan-jobs.ts";
import * as store from "./change-store.ts";
import type { PlannedRun, PushedRef, PushPlan, StartedRuns } from "./plan-push.ts";

/** Writes the runs of those refs that were accepted, with jobs, steps and outbox, in the push's transaction. */
export async function writeRuns(
  transaction: Executor,
  push: { repositoryId: number; actorId: number | null },
  plan: PushPlan,
  accepted: readonly PushedRef[],
): Promise<StartedRuns> {
  const refs = new Set(accepted.map((update) => update.name));
  const matched = plan.runs.filter((run) => refs.has(run.ref));
  const runs = chooseRuns(matched);
  const { repositoryId } = push;
  const unstored = plan.files.filter(({ id, parserVersion }) => id === null && parserVersion !== null);
  const newIds = await store.upsertDefinitions(transaction, repositoryId, unstored);
  if (runs.length === 0) return { made: [], left: matched.length };
  const first = await store.takeRunNumbers(transaction, repositoryId, runs.length);
  const ids = await store.insertRuns(
    transaction,
    runs.map(({ file, ref, headSha, title }, at) => ({
      repositoryId,
      number: first + at,
      definitionId: file.id ?? newIds.get(store.keyOf(file)) ?? null,
      name: file.name,
      event: "push",
      ref,
      headSha,
      title,
      actorId: push.actorId,
    })),
  );
  await store.insertJobs(
    transaction,
    ids.map((runId, at) => ({ runId, plans: plansOf(runs[at]?.file) })),
  );
  await recordRunStatuses(
    transaction,
    ids.map((id, at) => ({ id, ...push, name: runs[at]?.file.name ?? "", headSha: runs[at]?.headSha ?? "" })),
    "pending",
  );
  await writeEvents(
    transaction,
    ids.map((runId) => ({ topic: "run.queued", repositoryId, payload: { runId } })),
  );
  return { made: ids.map((id, at) => ({ id, number: first + at })), left: matched.length - runs.length };
}

// Each run holds a plan of its own: a long file and many refs multiply.
function chooseRuns(matched: readonly PlannedRun[]): PlannedRun[] {
  const sizes = new Map<store.DefinitionFile, number>();
  const runs: PlannedRun[] = [];
  let left = PLAN_CHARACTERS_PER_PUSH_MAX;
  for (const run of matched.slice(0, RUNS_PER_PUSH_MAX)) {
    const size = sizes.get(run.file) ?? JSON.stringify(plansOf(run.file)).length;
    sizes.set(run.file, size);
    left -= size;
    if (left < 0) break;
    runs.push(run);
  }
  return runs;
}

function plansOf(file: store.DefinitionFile | undefined) {
  return file?.parsed.parsed ? planJobs(file.parsed.definition) : [];
}
