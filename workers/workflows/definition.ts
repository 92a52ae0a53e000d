// What a workflow file says, once understood. Stored as JSON beside the blob it came from.

export interface PushFilter {
  branches: readonly string[] | null;
  branchesIgnore: readonly string[] | null;
  tags: readonly string[] | null;
  tagsIgnore: readonly string[] | null;
}

export interface StepDefinition {
  name: string;
  run: string;
  shell: "bash" | "sh";
  env: Record<string, string>;
  workingDirectory: string;
  /** Null where the file doesn't say; the job's timeout bounds it all the same. */
  timeoutMinutes: number | null;
  continueOnError: boolean;
}

export interface JobDefinition {
  key: string;
  name: string;
  needs: string[];
  env: Record<string, string>;
  timeoutMinutes: number;
  continueOnError: boolean;
  steps: StepDefinition[];
}

export interface WorkflowDefinition {
  name: string;
  env: Record<string, string>;
  /** Null when pushes don't start it. */
  push: PushFilter | null;
  jobs: JobDefinition[];
  /** What the file asks for that has no effect. */
  notices: DefinitionProblem[];
}

/** A sentence for the author of a file, with its place. */
export interface DefinitionProblem {
  message: string;
  /** 1-based. */
  line: number;
  column: number;
}

export type ParsedDefinition =
  | { parsed: true; definition: WorkflowDefinition }
  | { parsed: false; problem: DefinitionProblem };
