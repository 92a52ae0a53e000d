// One file of a repository at a revision.
import type { Frame } from "../components/frame.ts";
import type { CommitView, RepositoryView, RevisionView } from "../components/views.ts";

export type FileContent =
  | { kind: "text"; text: string; sizeBytes: number }
  | { kind: "binary"; sizeBytes: number }
  | { kind: "large"; sizeBytes: number; limitBytes: number }
  | { kind: "symlink"; target: string }
  | { kind: "submodule"; oid: string };

export interface FilePageProps {
  frame: Frame;
  repository: RepositoryView;
  revision: RevisionView;
  commit: CommitView;
  /** Without slashes at its ends. */
  path: string;
  file: FileContent;
}
