// A path or revision that this repository doesn't have, shown within the repository. Answered with 404.
import type { Frame } from "../components/frame.ts";
import type { RepositoryView, RevisionView } from "../components/views.ts";

export interface MissingPathPageProps {
  frame: Frame;
  repository: RepositoryView;
  /** Null when the revision itself is unknown. */
  revision: RevisionView | null;
  /** What was asked for: the path within the revision, or all that followed `tree/`, `blob/`. */
  path: string;
}
