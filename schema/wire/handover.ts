// What the gateway hands to a standby sandbox once a job is claimed: the first and only identity it gets.
import { z } from "zod";
import { jobPlanSchema } from "./plan.ts";

const handoverSchema = z.object({
  runId: z.number().int(),
  runNumber: z.number().int(),
  jobId: z.number().int(),
  attempt: z.number().int().positive(),
  /** Authorises this attempt at the gateway and, through its git proxy, at the Worker. */
  runToken: z.string(),
  repository: z.object({ owner: z.string(), name: z.string() }),
  event: z.string(),
  ref: z.string(),
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  /** The public address of the run's page, for steps that want to link to it. */
  runUrl: z.string(),
  plan: jobPlanSchema,
});

export type Handover = z.infer<typeof handoverSchema>;
