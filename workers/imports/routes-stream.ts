// Where an import is watched as it goes on.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../core/app-env.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { requireRepository } from "../repos/service.ts";
import { describeImport } from "./describe-import.ts";
import { importParams } from "./import-params.ts";
import { getImport } from "./service.ts";
import { streamImport } from "./stream-import.ts";

const streamRoute = createRoute({
  method: "get",
  path: "/{owner}/{repo}/imports/{id}/stream",
  summary:
    "An import as it goes on, as server-sent events: `import`, whole, whenever it has changed; then `done`",
  request: { params: importParams },
  responses: {
    200: { description: "Until `done`", content: { "text/event-stream": { schema: z.string() } } },
    ...errorResponses(401, 403, 404, 422),
  },
});

/** Mounted at /api. */
export const importStreamRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid }).openapi(
  streamRoute,
  async (context) => {
    const { owner, repo, id } = context.req.valid("param");
    const [database, env] = [context.get("database"), context.get("env")];
    const actor = context.get("actor");
    const repository = await requireRepository(database, actor, owner, repo, "repository.write");
    const read = () => getImport({ env, database }, repository.id, id);
    // What isn't there is said before the stream begins.
    await read();
    return streamImport({
      log: context.get("log"),
      read,
      describe: (status) => describeImport(status, repository, env.publicUrl),
    });
  },
);
