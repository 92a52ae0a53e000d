// What a runner reports, one JSON object a line. Offsets count from 1 within an attempt without a gap;
// the gateway acknowledges the highest one it has stored, and the runner resends what follows after a cut.
import { z } from "zod";

const stamped = { offset: z.number().int().positive(), at: z.number().int().positive() };

export const runnerEventSchema = z.discriminatedUnion("type", [
  /** A part of the start has ended; `durationMs` is how long it took. */
  z.object({
    ...stamped,
    type: z.literal("phase"),
    name: z.enum(["checkout"]),
    durationMs: z.number().nonnegative(),
  }),
  z.object({
    ...stamped,
    type: z.literal("step"),
    position: z.number().int().nonnegative(),
    status: z.enum(["running", "succeeded", "failed", "skipped"]),
    exitCode: z.number().int().nullable(),
    /** Why it failed, when the exit code doesn't say: `timed out after 5 s`. */
    reason: z.string().nullable(),
  }),
  z.object({
    ...stamped,
    type: z.literal("log"),
    /** The step that printed it; null for the checkout before the first step. */
    position: z.number().int().nonnegative().nullable(),
    stream: z.enum(["stdout", "stderr", "system"]),
    text: z.string().min(1).max(65_536),
  }),
  /** The last event of an attempt. */
  z.object({
    ...stamped,
    type: z.literal("done"),
    status: z.enum(["succeeded", "failed"]),
    reason: z.string().nullable(),
  }),
]);

export type RunnerEvent = z.infer<typeof runnerEventSchema>;

/** What the gateway answers on the same stream, one JSON object a line. */
const acknowledgementSchema = z.object({ acknowledged: z.number().int().nonnegative() });

export type Acknowledgement = z.infer<typeof acknowledgementSchema>;
