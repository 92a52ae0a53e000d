// What GitHub documents and Plue doesn't have. Invariant: it is refused by its name (422), never taken and ignored; only what
// would change nothing is taken, so that clients that send every field get by.
import { z } from "@hono/zod-openapi";

/** A parameter or field. @param taken the values that say what is so anyway */
export function unsupported<const Taken extends string | number | boolean>(...taken: Taken[]) {
  const error = "Plue doesn't support this.";
  const schema = taken.length === 0 ? z.null({ error }) : z.literal(taken, { error }).nullable();
  return schema.optional().openapi({ description: "Not supported", "x-unsupported": true });
}
