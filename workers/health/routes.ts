// GET /api/health: 200 when every part answers, 503 with the same body when one does not.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { can } from "../auth/permissions.ts";
import type { AppEnv } from "../core/app-env.ts";
import { checkHealth, type PartHealth } from "./service.ts";

const partSchema = z.object({ ok: z.boolean(), latency_ms: z.number(), detail: z.string().nullable() });

const healthSchema = z
  .object({
    ok: z.boolean(),
    version: z.string(),
    parts: z.object({ database: partSchema, r2: partSchema, queue: partSchema, gateway: partSchema }),
  })
  .openapi("Health");

const answer = (description: string) => ({
  description,
  content: { "application/json": { schema: healthSchema } },
});

const healthRoute = createRoute({
  method: "get",
  path: "/health",
  summary: "Whether every part answers, and how fast",
  description: "`detail`, such as which sandbox there is, is told to admins of the site alone.",
  responses: { 200: answer("All do"), 503: answer("One does not") },
});

/** Mounted at /api. */
export const healthRoutes = new OpenAPIHono<AppEnv>().openapi(healthRoute, async (context) => {
  const health = await checkHealth(context.get("env"), context.get("database"), context.get("log"));
  const { database, r2, queue, gateway } = health.parts;
  const isAdmin = can(context.get("actor"), "site.administer", { site: true }) === "allowed";
  const describe = (part: PartHealth) => describePart(part, isAdmin);
  const parts = {
    ...{ database: describe(database), r2: describe(r2) },
    ...{ queue: describe(queue), gateway: describe(gateway) },
  };
  context.header("Cache-Control", "no-store");
  return context.json({ ok: health.ok, version: health.version, parts }, health.ok ? 200 : 503);
});

// Which sandbox of which version in which folder is nobody's business but an admin's.
function describePart(part: PartHealth, isAdmin: boolean): z.infer<typeof partSchema> {
  return { ok: part.ok, latency_ms: part.latencyMs, detail: isAdmin ? part.detail : null };
}
