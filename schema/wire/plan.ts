// What a definition becomes and a runner executes: a job is an ordered list of steps, each bounded in time.
// Invariant: a plan says everything that a runner needs; nothing of the definition is looked up later.
import { z } from "zod";

const stepPlanSchema = z.object({
  /** 0-based place in the job; the step's row has the same position. */
  position: z.number().int().nonnegative(),
  name: z.string().min(1),
  /** The script, given to the shell as a file. */
  run: z.string(),
  shell: z.enum(["bash", "sh"]),
  env: z.record(z.string(), z.string()),
  /** Relative to the checkout; `.` is its root. */
  workingDirectory: z.string(),
  timeoutMs: z.number().int().positive(),
  continueOnError: z.boolean(),
});

export const jobPlanSchema = z.object({
  key: z.string().min(1),
  name: z.string().min(1),
  needs: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  timeoutMs: z.number().int().positive(),
  continueOnError: z.boolean(),
  steps: z.array(stepPlanSchema).min(1),
});

export type StepPlan = z.infer<typeof stepPlanSchema>;
export type JobPlan = z.infer<typeof jobPlanSchema>;
