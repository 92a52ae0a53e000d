// The definitions found on the default branch, with what is wrong with them.

import { ExampleWorkflow } from "../components/example-workflow.tsx";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { contentPath } from "../components/paths.ts";
import { RepositoryHeader } from "../components/repository-header.tsx";
import type { RepositoryView } from "../components/views.ts";

interface NoteView {
  message: string;
  /** 1-based. */
  line: number;
  column: number;
}

interface DefinitionView {
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

interface WorkflowsPageProps {
  frame: Frame;
  repository: RepositoryView;
  defaultBranch: string;
  definitions: readonly DefinitionView[];
}

export function WorkflowsPage({ frame, repository, defaultBranch, definitions }: WorkflowsPageProps) {
  return (
    <Layout frame={frame} title={`Workflows · ${repository.owner}/${repository.name}`}>
      <RepositoryHeader repository={repository} tab="workflows" />
      <h1>Workflows on {defaultBranch}</h1>
      {definitions.length === 0 ? (
        <>
          <p>
            There is none yet. A workflow is a YAML file in <code>.plue/workflows/</code>.
          </p>
          <ExampleWorkflow />
        </>
      ) : (
        <ul class="list">
          {definitions.map((definition) => (
            <li class="item tight">
              <Definition
                definition={definition}
                href={contentPath(repository, "blob", defaultBranch, definition.path)}
              />
            </li>
          ))}
        </ul>
      )}
    </Layout>
  );
}

function Definition({ definition, href }: { definition: DefinitionView; href: string }) {
  const { name, path, error, notices, events, jobs } = definition;
  return (
    <>
      <h2>{name}</h2>
      <p class="row facts">
        <a href={href}>{path}</a>
        {events.length === 0 ? null : <span>on {events.join(", ")}</span>}
      </p>
      {error === null ? null : (
        <>
          <p>This file doesn't parse, so nothing of it runs.</p>
          <Note note={error} word="error" href={href} />
        </>
      )}
      {notices.map((notice) => (
        <Note note={notice} word="notice" href={href} />
      ))}
      {jobs.length === 0 ? null : (
        <ul>
          {jobs.map((job) => (
            <li>
              {"· "}
              {job.name === job.key ? job.key : `${job.key}: ${job.name}`}
              {job.needs.length === 0 ? "" : ` (needs ${job.needs.join(", ")})`}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Note({ note, word, href }: { note: NoteView; word: "error" | "notice"; href: string }) {
  return (
    <p class={word === "error" ? "wrong" : "notice"}>
      {word === "error" ? "✗ error" : "! notice"} at{" "}
      <a href={`${href}#L${note.line}`}>
        line {note.line}, column {note.column}
      </a>
      : {note.message}
    </p>
  );
}
