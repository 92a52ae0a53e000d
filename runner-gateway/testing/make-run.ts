// Rows for the gateway's tests: a repository, and runs of jobs as the Worker makes them.
import { randomBytes } from "node:crypto";
import { asc, eq } from "drizzle-orm";
import { users } from "../../schema/tables/auth.ts";
import { repositories } from "../../schema/tables/git.ts";
import { runEvents, workflowJobs, workflowRuns, workflowSteps } from "../../schema/tables/runs.ts";
import type { JobPlan } from "../../schema/wire/plan.ts";
import type { Database } from "../database.ts";

export interface JobShape {
  key: string;
  needs?: string[];
  /** The scripts of its steps; one that greets when left out. */
  scripts?: string[];
  continueOnError?: boolean;
  timeoutMs?: number;
  priority?: number;
}

interface MadeRun {
  runId: number;
  /** By key. */
  jobIds: Record<string, number>;
}

export interface MadeRepository {
  id: number;
  owner: string;
  name: string;
}

export async function makeRepository(database: Database): Promise<MadeRepository> {
  const owner = `u${randomBytes(6).toString("hex")}`;
  const [user] = await database.insert(users).values({ username: owner }).returning({ id: users.id });
  if (!user) throw new Error("no user was made");
  const [repository] = await database
    .insert(repositories)
    .values({ ownerId: user.id, name: "demo" })
    .returning({ id: repositories.id, name: repositories.name });
  if (!repository) throw new Error("no repository was made");
  return { ...repository, owner };
}

/** Makes a pending run whose jobs without needs wait to be claimed. */
export async function makeRun(
  database: Database,
  repository: MadeRepository,
  jobs: JobShape[],
  headSha = "1".repeat(40),
): Promise<MadeRun> {
  const number = Math.floor(Math.random() * 2 ** 30);
  const [run] = await database
    .insert(workflowRuns)
    .values({
      repositoryId: repository.id,
      number,
      name: "CI",
      event: "push",
      ref: "refs/heads/main",
      headSha,
    })
    .returning({ id: workflowRuns.id });
  if (!run) throw new Error("no run was made");
  const made: MadeRun = { runId: run.id, jobIds: {} };
  for (const [position, shape] of jobs.entries()) {
    made.jobIds[shape.key] = await makeJob(database, run.id, position, shape);
  }
  return made;
}

async function makeJob(
  database: Database,
  runId: number,
  position: number,
  shape: JobShape,
): Promise<number> {
  const plan = makePlan(shape);
  const [job] = await database
    .insert(workflowJobs)
    .values({
      ...{ runId, position, plan, key: plan.key, name: plan.name, needs: plan.needs },
      status: plan.needs.length === 0 ? "waiting" : "pending",
      priority: shape.priority ?? 0,
    })
    .returning({ id: workflowJobs.id });
  if (!job) throw new Error("no job was made");
  await database
    .insert(workflowSteps)
    .values(plan.steps.map((step) => ({ jobId: job.id, position: step.position, name: step.name })));
  return job.id;
}

function makePlan(shape: JobShape): JobPlan {
  return {
    key: shape.key,
    name: shape.key,
    needs: shape.needs ?? [],
    env: {},
    timeoutMs: shape.timeoutMs ?? 60_000,
    continueOnError: shape.continueOnError ?? false,
    steps: (shape.scripts ?? ["echo hello"]).map((run, position) => ({
      ...{ position, run, name: `step ${position}` },
      ...{ shell: "bash", env: {}, workingDirectory: ".", timeoutMs: 60_000, continueOnError: false },
    })),
  };
}

/** The run's events in order. */
export async function readEvents(database: Database, runId: number) {
  return database.select().from(runEvents).where(eq(runEvents.runId, runId)).orderBy(asc(runEvents.seq));
}

export async function readRun(database: Database, runId: number) {
  const [run] = await database.select().from(workflowRuns).where(eq(workflowRuns.id, runId));
  if (!run) throw new Error("no such run");
  return run;
}

export async function readJobs(database: Database, runId: number) {
  return database
    .select()
    .from(workflowJobs)
    .where(eq(workflowJobs.runId, runId))
    .orderBy(asc(workflowJobs.position));
}

export async function readSteps(database: Database, jobId: number) {
  return database
    .select()
    .from(workflowSteps)
    .where(eq(workflowSteps.jobId, jobId))
    .orderBy(asc(workflowSteps.position));
}
