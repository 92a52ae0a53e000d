// Imports under /api: begun, watched, completed, given up. Their parts are taken by routes-parts.ts.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { requireUser } from "../auth/require-user.ts";
import type { AppEnv } from "../core/app-env.ts";
import { IMPORT_PART_BYTES_MAX, IMPORT_PART_BYTES_MIN, IMPORT_REFS_MAX } from "../core/limits.ts";
import { unsaid } from "../core/openapi.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { isOid } from "../git/object/oid.ts";
import { requireRepository } from "../repos/service.ts";
import { describeImport, importSchema } from "./describe-import.ts";
import { importParams, repositoryParams } from "./import-params.ts";
import { abortImport, beginImport, completeImport, getImport } from "./service.ts";

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { "application/json": { schema } } });

const createSchema = z
  .object({
    format: z.enum(["bundle", "pack"]),
    size_bytes: z.number().int().positive(),
    part_size_bytes: z
      .number()
      .int()
      .min(IMPORT_PART_BYTES_MIN)
      .max(IMPORT_PART_BYTES_MAX)
      .nullish()
      .transform(unsaid),
    refs: z
      .array(z.object({ name: z.string(), oid: z.string().refine(isOid, "must be an object's id") }))
      .max(IMPORT_REFS_MAX)
      .nullish()
      .transform(unsaid)
      .openapi({ description: "What refs a pack is for; a bundle says so itself" }),
    force: z
      .boolean()
      .nullish()
      .transform(unsaid)
      .openapi({ description: "Also move refs to what doesn't contain their old value" }),
  })
  .openapi("CreateImport");

const createImportRoute = createRoute({
  method: "post",
  path: "/{owner}/{repo}/import",
  summary: "Begin to import a bundle or pack that is too large for one push",
  request: { params: repositoryParams, body: { required: true, ...json(createSchema) } },
  responses: {
    201: { description: "Begun: its parts may be sent", ...json(importSchema) },
    ...errorResponses(400, 401, 403, 404, 409, 422),
  },
});

const getRoute = createRoute({
  method: "get",
  path: "/{owner}/{repo}/import/{id}",
  summary: "How an import stands: the parts that are there, then how far it is indexed, then how it ended",
  request: { params: importParams },
  responses: { 200: { description: "It", ...json(importSchema) }, ...errorResponses(401, 403, 404, 422) },
});

const completeRoute = createRoute({
  method: "post",
  path: "/{owner}/{repo}/import/{id}/complete",
  summary: "All parts are there: index them and move the refs",
  request: { params: importParams },
  responses: {
    202: { description: "It waits to be indexed, or has been", ...json(importSchema) },
    ...errorResponses(401, 403, 404, 409, 422),
  },
});

const abortRoute = createRoute({
  method: "delete",
  path: "/{owner}/{repo}/import/{id}",
  summary: "Give an import up that isn't being indexed yet",
  request: { params: importParams },
  responses: {
    200: { description: "Given up", ...json(importSchema) },
    ...errorResponses(401, 403, 404, 409, 422),
  },
});

/** Mounted at /api. */
export const importRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(createImportRoute, async (context) => {
    const { owner, repo } = context.req.valid("param");
    const [database, actor] = [context.get("database"), context.get("actor")];
    const repository = await requireRepository(database, actor, owner, repo, "repository.write");
    const body = context.req.valid("json");
    const env = context.get("env");
    const status = await beginImport(
      { env, database },
      {
        repositoryId: repository.id,
        actorId: requireUser(actor).userId,
        format: body.format,
        isForced: body.force ?? false,
        sizeBytes: body.size_bytes,
        partBytes: body.part_size_bytes,
        refs: body.refs ?? [],
      },
    );
    const described = describeImport(status, repository, env.publicUrl);
    context.header("Location", described.url);
    return context.json(described, 201);
  })
  .openapi(getRoute, async (context) =>
    context.json(await onImport(context, context.req.valid("param"), getImport), 200),
  )
  .openapi(completeRoute, async (context) =>
    context.json(await onImport(context, context.req.valid("param"), completeImport), 202),
  )
  .openapi(abortRoute, async (context) =>
    context.json(await onImport(context, context.req.valid("param"), abortImport), 200),
  );

/** Does `act` to an import of a repository the actor may write to. @returns how the import then stands */
async function onImport(
  context: Context<AppEnv>,
  { owner, repo, id }: z.infer<typeof importParams>,
  act: typeof getImport,
): Promise<z.infer<typeof importSchema>> {
  const [database, env] = [context.get("database"), context.get("env")];
  const actor = context.get("actor");
  const repository = await requireRepository(database, actor, owner, repo, "repository.write");
  return describeImport(await act({ env, database }, repository.id, id), repository, env.publicUrl);
}
