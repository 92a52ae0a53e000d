// A repository that nothing was pushed to yet, with the exact commands to push.
import type { Frame } from "../components/frame.ts";
import type { RepositoryView } from "../components/views.ts";

export interface EmptyRepositoryPageProps {
  frame: Frame;
  repository: RepositoryView;
  defaultBranch: string;
  canWrite: boolean;
}
