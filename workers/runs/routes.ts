// Runs under /api: lists, one run with its jobs and steps, its live stream, and its cancellation.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../core/app-env.ts";
import { formatLinks, readPage } from "../core/paging.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { requireRepository } from "../repos/service.ts";
import { describeRun, describeRunDetails, runDetailsSchema, runSchema } from "./describe-run.ts";
import { cancelRun, listRepositoryRuns, mayStillRead, requireReadableRun, requireRun } from "./service.ts";
import { streamRun } from "./stream-run.ts";

const runParams = z.object({ id: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER) });
const seq = z.coerce.number().int().nonnegative().max(2_147_483_647);
const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { "application/json": { schema } } });

const listRoute = createRoute({
  method: "get",
  path: "/repos/{owner}/{repo}/runs",
  summary: "Runs of a repository, newest first",
  request: {
    params: z.object({ owner: z.string(), repo: z.string() }),
    query: z.object({ page: z.string().optional(), per_page: z.string().optional() }),
  },
  responses: {
    200: {
      description: "One page",
      ...json(z.object({ total_count: z.number().int(), runs: z.array(runSchema) })),
    },
    ...errorResponses(401, 404),
  },
});

const getRoute = createRoute({
  method: "get",
  path: "/runs/{id}",
  summary: "One run with its jobs and steps",
  request: { params: runParams },
  responses: { 200: { description: "It", ...json(runDetailsSchema) }, ...errorResponses(401, 404, 422) },
});

const streamRoute = createRoute({
  method: "get",
  path: "/runs/{id}/stream",
  summary: "The events of a run, as they happen",
  description:
    "Server-sent events `log`, `step`, `job`, `run`, `error`, `done` and `ping`. Resume with `Last-Event-ID` or `after`.",
  request: {
    params: runParams,
    query: z.object({ after: seq.optional() }),
    headers: z.object({ "last-event-id": seq.optional() }),
  },
  responses: {
    200: { description: "Until `done`", content: { "text/event-stream": { schema: z.string() } } },
    ...errorResponses(401, 404, 422),
  },
});

const cancelRoute = createRoute({
  method: "post",
  path: "/runs/{id}/cancel",
  summary: "Ask for the end of a run",
  request: { params: runParams },
  responses: {
    202: { description: "Asked for; it ends within a second", ...json(runDetailsSchema) },
    ...errorResponses(401, 403, 404, 409, 422),
  },
});

/** Mounted at /api. */
export const runRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(listRoute, async (context) => {
    const { owner, repo } = context.req.valid("param");
    const database = context.get("database");
    const { publicUrl } = context.get("env");
    const repository = await requireRepository(
      database,
      context.get("actor"),
      owner,
      repo,
      "repository.read",
    );
    const page = readPage(context.req.valid("query"));
    const { runs, total } = await listRepositoryRuns(database, repository, page);
    const links = formatLinks(context.req.url, publicUrl, page, total);
    if (links) context.header("Link", links);
    const described = runs.map((run) => describeRun(run, repository, publicUrl));
    return context.json({ total_count: total, runs: described }, 200);
  })
  .openapi(getRoute, async (context) => {
    const { id } = context.req.valid("param");
    const details = await requireRun(context.get("database"), context.get("actor"), id);
    return context.json(describeRunDetails(details, context.get("env").publicUrl), 200);
  })
  .openapi(streamRoute, async (context) => {
    const { id } = context.req.valid("param");
    const [env, database, log] = [context.get("env"), context.get("database"), context.get("log")];
    const run = await requireReadableRun(database, context.get("actor"), id);
    const afterSeq = context.req.valid("header")["last-event-id"] ?? context.req.valid("query").after ?? 0;
    const mayGoOn = () => mayStillRead(database, context.get("reauthenticate"), run.id);
    return streamRun({ env, database, log, runId: run.id, afterSeq, mayGoOn });
  })
  .openapi(cancelRoute, async (context) => {
    const { id } = context.req.valid("param");
    const [env, database, log] = [context.get("env"), context.get("database"), context.get("log")];
    const details = await cancelRun(env, database, log, context.get("actor"), id);
    return context.json(describeRunDetails(details, env.publicUrl), 202);
  });
