// Runs a statement that the query builder can't express, and checks the rows that come back.
import type { SQL } from "drizzle-orm";
import { z } from "zod";
import type { Executor } from "../../core/db.ts";

const resultSchema = z.object({ rows: z.array(z.unknown()) });

/** The rows of a statement, each read by `row`. Throws when one isn't what the schema says. */
export async function queryRows<Schema extends z.ZodType>(
  executor: Executor,
  statement: SQL,
  row: Schema,
): Promise<z.infer<Schema>[]> {
  const { rows } = resultSchema.parse(await executor.execute(statement));
  return z.array(row).parse(rows);
}

/** A bigint column, which drivers hand over as text; ids stay far below 2^53. */
export const bigintColumn = z.coerce.number().int();
