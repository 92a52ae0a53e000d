// GET /api/health: 200 when every part answers, 503 with the same body when one does not.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
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
  responses: { 200: answer("All do"), 503: answer("One does not") },
});

/** Mounted at /api. */
export const healthRoutes = new OpenAPIHono<AppEnv>().openapi(healthRoute, async (context) => {
  const health = await checkHealth(context.get("env"), context.get("database"), context.get("log"));
  const { database, r2, queue, gateway } = health.parts;
  const parts = {
    database: describePart(database),
    r2: describePart(r2),
    queue: describePart(queue),
    gateway: describePart(gateway),
  };
  context.header("Cache-Control", "no-store");
  return context.json({ ok: health.ok, version: health.version, parts }, health.ok ? 200 : 503);
});

function describePart(part: PartHealth): z.infer<typeof partSchema> {
  return { ok: part.ok, latency_ms: part.latencyMs, detail: part.detail };
}
