// What a workflow file says, once understood. Stored as JSON beside the blob it came from; an older program may have stored
// it, so it is checked when it is read.
import { z } from "zod";

const patterns = z.array(z.string()).nullable();
const pushFilterSchema = z.object({
  branches: patterns,
  branchesIgnore: patterns,
  tags: patterns,
  tagsIgnore: patterns,
});
export type PushFilter = z.infer<typeof pushFilterSchema>;

const envSchema = z.record(z.string(), z.string());

const stepSchema = z.object({
  name: z.string(),
  run: z.string(),
  shell: z.enum(["bash", "sh"]),
  env: envSchema,
  workingDirectory: z.string(),
  /** Null where the file doesn't say; the job's timeout bounds it all the same. */
  timeoutMinutes: z.number().nullable(),
  continueOnError: z.boolean(),
});
export type StepDefinition = z.infer<typeof stepSchema>;

const jobSchema = z.object({
  key: z.string(),
  name: z.string(),
  needs: z.array(z.string()),
  env: envSchema,
  timeoutMinutes: z.number(),
  continueOnError: z.boolean(),
  steps: z.array(stepSchema),
});
export type JobDefinition = z.infer<typeof jobSchema>;

/** A sentence for the author of a file, with its place, both 1-based. */
export const definitionProblemSchema = z.object({
  message: z.string(),
  line: z.number(),
  column: z.number(),
});
export type DefinitionProblem = z.infer<typeof definitionProblemSchema>;

export const workflowDefinitionSchema = z.object({
  name: z.string(),
  env: envSchema,
  /** Null when pushes don't start it. */
  push: pushFilterSchema.nullable(),
  jobs: z.array(jobSchema),
  /** What the file asks for that has no effect. */
  notices: z.array(definitionProblemSchema),
});
export type WorkflowDefinition = z.infer<typeof workflowDefinitionSchema>;

export type ParsedDefinition =
  | { parsed: true; definition: WorkflowDefinition }
  | { parsed: false; problem: DefinitionProblem };
