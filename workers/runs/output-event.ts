// From rows to the events that a page shows: what jobs printed and what went wrong around them.
import { z } from "zod";
import type { RunEvent } from "../../schema/wire/run-events.ts";
import type { TailRow } from "./run-store.ts";

const logDataSchema = z.object({
  jobId: z.number(),
  attempt: z.number(),
  stepId: z.number().nullable(),
  stream: z.enum(["stdout", "stderr", "system"]),
  text: z.string(),
});

const errorDataSchema = z.object({ jobId: z.number().nullable(), attempt: z.number(), message: z.string() });

export type OutputEvent = RunEvent<"log"> | RunEvent<"error">;

/** A `log` or `error` row. @throws ZodError when its data isn't what its type says. */
export function toOutputEvent(row: Pick<TailRow, "runId" | "seq" | "at" | "type" | "data">): OutputEvent {
  const stamped = { runId: row.runId, seq: row.seq, at: row.at.getTime() };
  return row.type === "error"
    ? { ...stamped, type: "error", data: errorDataSchema.parse(row.data) }
    : { ...stamped, type: "log", data: logDataSchema.parse(row.data) };
}
