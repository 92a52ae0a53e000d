// A repository's runs, one run, what its jobs printed, and the button that ends it.
import { type Context, Hono } from "hono";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { LOG_EVENTS_PER_QUERY_MAX } from "../../workers/core/limits.ts";
import { readPage } from "../../workers/core/paging.ts";
import { type Repository, requireRepository } from "../../workers/repos/service.ts";
import {
  cancelRun,
  listRepositoryRuns,
  mayCancel,
  readJobLogs,
  readRunSnapshot,
  requireRunByNumber,
} from "../../workers/runs/service.ts";
import { runPath } from "../components/paths.ts";
import { makeFrame } from "../make-frame.ts";
import { RunPage } from "../pages/run-page.tsx";
import { RunsPage } from "../pages/runs-page.tsx";
import { describePaging } from "../paging.ts";

type RunContext = Context<AppEnv, "/:owner/:repo/runs/:number">;

export const runRoutes = new Hono<AppEnv>()
  .get("/:owner/:repo/runs", async (context) => {
    const database = context.get("database");
    const { owner, repo } = context.req.param();
    const repository = await requireRepository(
      database,
      context.get("actor"),
      owner,
      repo,
      "repository.read",
    );
    const page = readPage(context.req.query());
    const { runs, total } = await listRepositoryRuns(database, repository, page);
    const paging = describePaging(context, page, total);
    return context.html(
      <RunsPage frame={makeFrame(context)} repository={repository} runs={runs} paging={paging} />,
    );
  })
  .get("/:owner/:repo/runs/:number", async (context) => {
    const { repository, runId } = await findRun(context);
    const snapshot = await readRunSnapshot(context.get("database"), runId);
    const { run, jobs, steps, output, cutLogs } = snapshot;
    context.header("Cache-Control", "no-store");
    return context.html(
      <RunPage
        frame={makeFrame(context)}
        repository={repository}
        run={run}
        canCancel={mayCancel(context.get("actor"), repository, run)}
        jobs={jobs.map((job) => ({ ...job, steps: steps.filter((step) => step.jobId === job.id) }))}
        seq={run.lastEventSeq}
        output={output}
        cutLogs={cutLogs}
      />,
    );
  })
  .get("/:owner/:repo/runs/:number/jobs/:job/log", async (context) => {
    const { jobs } = await findRun(context);
    const job = jobs.find((one) => String(one.id) === context.req.param("job"));
    if (!job) throw notFound();
    return new Response(streamLog(context, job.id), {
      headers: {
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      },
    });
  })
  .post("/:owner/:repo/runs/:number/cancel", async (context) => {
    const { repository, runId, number } = await findRun(context);
    await cancelRun(
      context.get("env"),
      context.get("database"),
      context.get("log"),
      context.get("actor"),
      runId,
    );
    return context.redirect(runPath(repository, number), 303);
  });

async function findRun(context: RunContext) {
  const database = context.get("database");
  const { owner, repo, number } = context.req.param();
  if (!/^[1-9]\d{0,8}$/.test(number)) throw notFound();
  const repository: Repository = await requireRepository(
    database,
    context.get("actor"),
    owner,
    repo,
    "repository.read",
  );
  const { run, jobs } = await requireRunByNumber(database, repository, Number(number));
  return { repository, runId: run.id, number: run.number, jobs };
}

/** Page by page from the database as the reader takes it, so that a long log is never held whole. */
function streamLog(context: RunContext, jobId: number): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const database = context.get("database");
  let seq = 0;
  return new ReadableStream({
    async pull(controller) {
      const events = await readJobLogs(database, jobId, seq, LOG_EVENTS_PER_QUERY_MAX);
      for (const event of events) controller.enqueue(encoder.encode(event.text));
      seq = events.at(-1)?.seq ?? seq;
      if (events.length < LOG_EVENTS_PER_QUERY_MAX) controller.close();
    },
  });
}
