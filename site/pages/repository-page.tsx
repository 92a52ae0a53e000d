// A folder of a repository at a revision: last commit, files, README.
import type { Frame } from "../components/frame.ts";
import type { CommitView, RepositoryView, RevisionView } from "../components/views.ts";

export interface TreeEntryView {
  name: string;
  /** As git writes it: 040000, 100644, 100755, 120000, 160000. */
  mode: string;
  /** Of files, where known. */
  sizeBytes: number | null;
}

export interface RepositoryPageProps {
  frame: Frame;
  repository: RepositoryView;
  revision: RevisionView;
  commit: CommitView;
  /** The folder's path without slashes at its ends; empty for the root. */
  path: string;
  entries: readonly TreeEntryView[];
  /** How many further entries the folder has that aren't in `entries`. */
  entriesLeftOut: number;
  readme: { name: string; text: string } | null;
}
