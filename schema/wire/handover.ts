// What the gateway hands to a standby sandbox once a job is claimed: the first and only identity it gets, given
// out once. The run token itself stays with the gateway.
import { z } from "zod";
import { jobPlanSchema } from "./plan.ts";

const handoverSchema = z.object({
  runId: z.number().int(),
  runNumber: z.number().int(),
  jobId: z.number().int(),
  attempt: z.number().int().positive(),
  /** Authorises the runner's reports at the gateway, and nothing else. Steps never see it. */
  reportToken: z.string(),
  /** Authorises what the gateway passes on for steps: git. */
  gitToken: z.string(),
  repository: z.object({ owner: z.string(), name: z.string() }),
  event: z.string(),
  ref: z.string(),
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  /** The public address of the run's page, for steps that want to link to it. */
  runUrl: z.string(),
  plan: jobPlanSchema,
});

export type Handover = z.infer<typeof handoverSchema>;
