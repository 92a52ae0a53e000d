// Where the parts of an import arrive. Mounted before the API's limit of bodies: a part goes straight on to R2, and its
// size is the import's own matter.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { authenticate, refuseForgery } from "../auth/middleware.ts";
import type { AppEnv } from "../core/app-env.ts";
import { IMPORT_PARTS_MAX } from "../core/limits.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { requireRepository } from "../repos/service.ts";
import { importParams } from "./import-params.ts";
import { uploadPart } from "./service.ts";

const uploadRoute = createRoute({
  method: "put",
  path: "/{owner}/{repo}/import/{id}/parts/{part}",
  summary: "Send a part, or send it again",
  description:
    "The body is the part itself. With `Content-Digest: sha-256=:…:` or `Content-MD5` it is checked as it arrives.",
  request: {
    params: importParams.extend({ part: z.coerce.number().int().min(1).max(IMPORT_PARTS_MAX) }),
    headers: z.object({ "content-digest": z.string().optional(), "content-md5": z.string().optional() }),
    body: {
      required: true,
      content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
    },
  },
  responses: { 204: { description: "It is there" }, ...errorResponses(400, 401, 403, 404, 409, 422) },
});

const app = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });
app.use("/:owner/:repo/import/:id/parts/:part", authenticate, refuseForgery);

/** Mounted at /api. */
export const importPartRoutes = app.openapi(uploadRoute, async (context) => {
  const { owner, repo, id, part } = context.req.valid("param");
  const [database, env] = [context.get("database"), context.get("env")];
  const repository = await requireRepository(database, context.get("actor"), owner, repo, "repository.write");
  const target = { repositoryId: repository.id, id, number: part };
  await uploadPart({ env, database }, target, context.req.raw);
  return context.body(null, 204);
});
