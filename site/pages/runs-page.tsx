// A repository's runs, newest first.
import type { Frame } from "../components/frame.ts";
import type { Paging, RepositoryView, RunSummaryView } from "../components/views.ts";

export interface RunsPageProps {
  frame: Frame;
  repository: RepositoryView;
  runs: readonly RunSummaryView[];
  paging: Paging;
}
