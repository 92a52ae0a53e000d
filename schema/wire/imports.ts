// A message of the `imports` queue. It only hints; what is to be done is read from Postgres.
import { z } from "zod";

export const importsMessageSchema = z.object({ kind: z.literal("import"), importId: z.number().int() });
export type ImportsMessage = z.infer<typeof importsMessageSchema>;
