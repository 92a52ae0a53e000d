// What scripts/fsck.ts asks, signed as the gateway's requests are: which repositories and packs there are,
// and what is wrong with one pack, or between them.
import { sql } from "drizzle-orm";
import { type Context, Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../../core/app-env.ts";
import { requireSignature } from "../../core/internal-routes.ts";
import { describeCause } from "../../core/log.ts";
import { bigintColumn, queryRows } from "../store/query-rows.ts";
import { checkPack, checkReferences, type Finding, listCheckedPacks } from "./check-repository.ts";
import type { HousekeepingContext } from "./housekeeping-context.ts";

const LISTED_REPOSITORIES = 1000;

const afterSchema = z.coerce.number().int().min(0).catch(0);

/** Mounted at /internal/fsck. Without a good signature nothing is here. */
export const fsckRoutes = new Hono<AppEnv>()
  .use(requireSignature)
  .get("/repositories", async (context) => {
    const after = afterSchema.parse(context.req.query("after"));
    const repositories = await queryRows(
      context.get("database").query,
      sql`SELECT repositories.id, username || '/' || name AS name
        FROM repositories JOIN users ON users.id = owner_id
        WHERE repositories.id > ${after} ORDER BY repositories.id LIMIT ${LISTED_REPOSITORIES}`,
      z.object({ id: bigintColumn, name: z.string() }),
    );
    return context.json({ repositories });
  })
  .get("/repositories/:id{\\d+}/packs", async (context) => {
    const packs = await listCheckedPacks(...readTarget(context, context.req.param("id")));
    return context.json({ packs });
  })
  .get("/repositories/:id{\\d+}/packs/:sha{[0-9a-f]{40}}", (context) =>
    answerFindings(checkPack(...readTarget(context, context.req.param("id")), context.req.param("sha"))),
  )
  .get("/repositories/:id{\\d+}/references", (context) =>
    answerFindings(checkReferences(...readTarget(context, context.req.param("id")))),
  );

function readTarget(context: Context<AppEnv>, id: string): [HousekeepingContext, number] {
  const { objects: bucket } = context.get("env");
  return [{ bucket, database: context.get("database") }, Number(id)];
}

const answerFindings = (findings: AsyncGenerator<Finding>): Response =>
  new Response(streamFindings(findings), { headers: { "content-type": "application/x-ndjson" } });

/** One finding a line; the last line says that all was looked at. A check that breaks off says so as an error. */
function streamFindings(findings: AsyncGenerator<Finding>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const encode = (line: object) => encoder.encode(`${JSON.stringify(line)}\n`);
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await findings.next();
        controller.enqueue(encode(done ? { level: "end" } : value));
        if (done) controller.close();
      } catch (error) {
        controller.enqueue(
          encode({ level: "error", message: `the check broke off: ${describeCause(error)}` }),
        );
        controller.close();
      }
    },
    async cancel() {
      await findings.return(undefined);
    },
  });
}
