// A path or revision that this repository doesn't have, shown within the repository. Answered with 404.
import { formatName } from "../components/format-name.ts";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { contentPath, repositoryPath } from "../components/paths.ts";
import { RepositoryHeader } from "../components/repository-header.tsx";
import type { RepositoryView, RevisionView } from "../components/views.ts";

interface MissingPathPageProps {
  frame: Frame;
  repository: RepositoryView;
  /** Null when the revision itself is unknown. */
  revision: RevisionView | null;
  /** What was asked for: the path within the revision, or all that followed `tree/`, `blob/`. */
  path: string;
}

export function MissingPathPage({ frame, repository, revision, path }: MissingPathPageProps) {
  return (
    <Layout frame={frame} title="Not found">
      <RepositoryHeader repository={repository} tab="files" />
      <h1>404 Not found</h1>
      {revision === null ? (
        <>
          <p>
            There is no branch, tag or commit here that begins <code>{formatName(path)}</code>.
          </p>
          <p>
            <a href={repositoryPath(repository)}>The default branch</a>
          </p>
        </>
      ) : (
        <>
          <p>
            There is no <code>{formatName(path)}</code> at the {revision.kind} <code>{revision.name}</code>.
          </p>
          <p>
            <a href={contentPath(repository, "tree", revision.name)}>All files of {revision.name}</a>
          </p>
        </>
      )}
    </Layout>
  );
}
