// The definitions found on the default branch, with what is wrong with them.
import type { Frame } from "../components/frame.ts";
import type { RepositoryView } from "../components/views.ts";

export interface NoteView {
  message: string;
  /** 1-based. */
  line: number;
  column: number;
}

export interface DefinitionView {
  /** Such as `.plue/workflows/ci.yaml`. */
  path: string;
  name: string;
  /** Why it didn't parse; then nothing of it runs. */
  error: NoteView | null;
  /** What was understood but will not happen as written. */
  notices: readonly NoteView[];
  /** What starts it, such as `push`. */
  events: readonly string[];
  jobs: readonly { key: string; name: string; needs: readonly string[] }[];
}

export interface WorkflowsPageProps {
  frame: Frame;
  repository: RepositoryView;
  defaultBranch: string;
  definitions: readonly DefinitionView[];
}
