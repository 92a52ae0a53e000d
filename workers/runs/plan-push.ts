// From a push to its runs: definitions read before the transaction, rows written in it, the outbox sent after it.

import { writeEvents } from "../../schema/write-events.ts";
import { findCommit } from "../content/find-commit.ts";
import type { ObjectSource } from "../content/object-source.ts";
import type { Executor } from "../core/db.ts";
import { RUNS_PER_PUSH_MAX } from "../core/limits.ts";
import { ZERO_OID } from "../git/object/oid.ts";
import { recordRunStatuses } from "../statuses/service.ts";
import { matchPush } from "../workflows/match-push.ts";
import { planJobs } from "../workflows/plan-jobs.ts";
import * as store from "./change-store.ts";
import { readDefinitions } from "./definitions.ts";

interface PushedRef {
  name: string;
  before: string;
  after: string;
}

interface PlannedRun {
  ref: string;
  headSha: string;
  title: string;
  file: store.DefinitionFile;
}

interface PushPlan {
  runs: PlannedRun[];
  files: store.DefinitionFile[];
}

/** What the push would start, from the definitions of each commit that a branch or tag now points at. */
export async function planPush(objects: ObjectSource, updates: readonly PushedRef[]): Promise<PushPlan> {
  const plan: PushPlan = { runs: [], files: [] };
  const knownFiles = new Set<string>();
  const read = readOnce(objects);
  for (const update of updates) {
    if (update.after === ZERO_OID || !/^refs\/(heads|tags)\//.test(update.name)) continue;
    const { commit, files } = await read(update.after);
    if (!commit) continue;
    for (const file of files) {
      const key = `${file.blobOid} ${file.path}`;
      if (!knownFiles.has(key)) plan.files.push(file);
      knownFiles.add(key);
      if (file.parsed.parsed && matchPush(file.parsed.definition.push, update.name)) {
        plan.runs.push({ ref: update.name, headSha: commit.oid, title: commit.subject, file });
      }
    }
  }
  return plan;
}

/** Reads what an object leads to, once for all refs that point at it. */
function readOnce(objects: ObjectSource) {
  const known = new Map<string, ReturnType<typeof readPushed>>();
  return (oid: string): ReturnType<typeof readPushed> => {
    const reading = known.get(oid) ?? readPushed(objects, oid);
    known.set(oid, reading);
    return reading;
  };
}

async function readPushed(objects: ObjectSource, oid: string) {
  const commit = await findCommit(objects, oid);
  return { commit, files: commit ? await readDefinitions(objects, commit.oid) : [] };
}

export interface MadeRun {
  id: number;
  number: number;
}

/** Writes the runs of those refs that were accepted, with jobs, steps and outbox, in the push's transaction. */
export async function writeRuns(
  transaction: Executor,
  push: { repositoryId: number; actorId: number | null },
  plan: PushPlan,
  accepted: readonly PushedRef[],
): Promise<MadeRun[]> {
  const refs = new Set(accepted.map((update) => update.name));
  const runs = plan.runs.filter((run) => refs.has(run.ref)).slice(0, RUNS_PER_PUSH_MAX);
  const definitionIds = await store.upsertDefinitions(transaction, push.repositoryId, plan.files);
  if (runs.length === 0) return [];
  const first = await store.takeRunNumbers(transaction, push.repositoryId, runs.length);
  const ids = await store.insertRuns(
    transaction,
    runs.map((run, at) => ({
      repositoryId: push.repositoryId,
      number: first + at,
      definitionId: definitionIds[plan.files.findIndex((file) => isSameFile(file, run.file))] ?? null,
      name: run.file.name,
      event: "push",
      ref: run.ref,
      headSha: run.headSha,
      title: run.title,
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
  const { repositoryId } = push;
  await writeEvents(
    transaction,
    ids.map((runId) => ({ topic: "run.queued", repositoryId, payload: { runId } })),
  );
  return ids.map((id, at) => ({ id, number: first + at }));
}

/** What the pusher is told: definitions that don't parse, and the runs that were made. */
export function describePush(plan: PushPlan, runs: readonly MadeRun[], repositoryUrl: string): string[] {
  const lines = plan.files.flatMap((file) => {
    if (file.parsed.parsed)
      return file.parsed.definition.notices.map((notice) => `Plue: ${file.path}: ${notice}`);
    const { line, column, message } = file.parsed.problem;
    return [`Plue: ${file.path}:${line}:${column}: ${message}`];
  });
  if (runs.length === 1) lines.push(`Plue: 1 workflow matched, run ${repositoryUrl}/runs/${runs[0]?.number}`);
  if (runs.length > 1) {
    lines.push(
      `Plue: ${runs.length} workflows matched`,
      ...runs.map((run) => `  run ${repositoryUrl}/runs/${run.number}`),
    );
  }
  if (runs.length === 0 && plan.files.length > 0) lines.push("Plue: no workflow matched");
  const left = plan.runs.length - runs.length;
  if (runs.length === RUNS_PER_PUSH_MAX && left > 0) {
    lines.push(`Plue: a push starts at most ${RUNS_PER_PUSH_MAX} runs; ${left} more were not started`);
  }
  return lines;
}

const isSameFile = (left: store.DefinitionFile, right: store.DefinitionFile): boolean =>
  left.path === right.path && left.blobOid === right.blobOid;

function plansOf(file: store.DefinitionFile | undefined) {
  return file?.parsed.parsed ? planJobs(file.parsed.definition) : [];
}
