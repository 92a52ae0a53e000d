// One import: what has arrived, how far it is indexed, and how it ended. All of it is in the page as served; the script
// only writes what changes.
import type { Frame } from "../components/frame.ts";
import { describeImportText, type ImportView, isImportOver } from "../components/import-text.ts";
import { Layout } from "../components/layout.tsx";
import { importPath, importStreamPath, importsPath } from "../components/paths.ts";
import { RepositoryHeader } from "../components/repository-header.tsx";
import type { RepositoryView } from "../components/views.ts";

interface ImportPageProps {
  frame: Frame;
  repository: RepositoryView;
  view: ImportView & { readonly id: number };
  script: string;
}

export function ImportPage({ frame, repository, view, script }: ImportPageProps) {
  const text = describeImportText(view);
  const isOver = isImportOver(view.state);
  return (
    <Layout
      frame={frame}
      title={`Import ${view.id} · ${repository.owner}/${repository.name}`}
      {...(isOver ? {} : { script })}
    >
      <RepositoryHeader repository={repository} tab="files" />
      <h1>Import {view.id}</h1>
      <div
        id="import"
        class="spread"
        data-stream={isOver ? undefined : importStreamPath(repository, view.id)}
      >
        <p aria-live="polite">
          State: <strong data-field="state">{text.state}</strong>
        </p>
        <p>
          Received: <span data-field="received">{text.received}</span>
        </p>
        <p>
          Indexed: <span data-field="indexed">{text.indexed}</span>
        </p>
        <pre class="text" data-field="end" aria-live="polite">
          {text.end}
        </pre>
      </div>
      <p class="row">
        {isOver ? null : <a href={importPath(repository, view.id)}>Load again</a>}
        <a href={importsPath(repository)}>All imports</a>
      </p>
    </Layout>
  );
}
