// The repositories that the viewer may see.
import type { Frame } from "../components/frame.ts";
import type { Paging, RepositoryView } from "../components/views.ts";

export interface HomePageProps {
  frame: Frame;
  repositories: readonly RepositoryView[];
  paging: Paging;
}
