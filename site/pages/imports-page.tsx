// A repository's imports, newest first, and how one is begun.
import type { Frame } from "../components/frame.ts";
import { describeImportText, type ImportView } from "../components/import-text.ts";
import { Layout } from "../components/layout.tsx";
import { Moment } from "../components/moment.tsx";
import { importPath, repositoryPath } from "../components/paths.ts";
import { RepositoryHeader } from "../components/repository-header.tsx";
import type { RepositoryView } from "../components/views.ts";

interface ImportsPageProps {
  frame: Frame;
  repository: RepositoryView;
  imports: readonly (ImportView & { readonly id: number; readonly createdAt: Date })[];
}

export function ImportsPage({ frame, repository, imports }: ImportsPageProps) {
  return (
    <Layout frame={frame} title={`Imports · ${repository.owner}/${repository.name}`}>
      <RepositoryHeader repository={repository} tab="files" />
      <h1>Imports</h1>
      <p>
        A repository that is too large for one push comes in through parts. In a checkout of Plue, with an API
        token of yours:
      </p>
      <pre class="text">
        {`PLUE_TOKEN=… node scripts/import.ts /path/to/repository ${frame.publicUrl}${repositoryPath(repository)}`}
      </pre>
      {imports.length === 0 ? (
        <p>Nothing has been imported yet.</p>
      ) : (
        <ul class="list">
          {imports.map((view) => (
            <li class="item row">
              <a href={importPath(repository, view.id)} class="name">
                Import {view.id}
              </a>
              <span>{describeImportText(view).state}</span>
              <Moment at={view.createdAt} now={frame.now} />
            </li>
          ))}
        </ul>
      )}
    </Layout>
  );
}
