// The parameters of an import's addresses.
import { z } from "@hono/zod-openapi";

export const repositoryParams = z.object({ owner: z.string(), repo: z.string() });

export const importParams = repositoryParams.extend({
  id: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER),
});
