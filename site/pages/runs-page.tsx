// A repository's runs, newest first.

import { ExampleWorkflow } from "../components/example-workflow.tsx";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { Duration, Moment } from "../components/moment.tsx";
import { Pager } from "../components/pager.tsx";
import { runPath } from "../components/paths.ts";
import { RefLink } from "../components/ref-link.tsx";
import { RepositoryHeader } from "../components/repository-header.tsx";
import { StatusBadge } from "../components/status-badge.tsx";
import type { Paging, RepositoryView, RunSummaryView } from "../components/views.ts";

interface RunsPageProps {
  frame: Frame;
  repository: RepositoryView;
  runs: readonly RunSummaryView[];
  paging: Paging;
}

export function RunsPage({ frame, repository, runs, paging }: RunsPageProps) {
  return (
    <Layout frame={frame} title={`Runs · ${repository.owner}/${repository.name}`}>
      <RepositoryHeader repository={repository} tab="runs" />
      <h1>Runs</h1>
      {runs.length === 0 ? (
        <>
          <p>Nothing has run yet. A push that holds a workflow starts one.</p>
          <ExampleWorkflow />
        </>
      ) : (
        <ul class="list">
          {runs.map((run) => (
            <RunItem repository={repository} run={run} now={frame.now} />
          ))}
        </ul>
      )}
      <Pager paging={paging} />
    </Layout>
  );
}

function RunItem({ repository, run, now }: { repository: RepositoryView; run: RunSummaryView; now: Date }) {
  return (
    <li class="item run-item">
      <StatusBadge status={run.status} />
      <div>
        <p>
          <a href={runPath(repository, run.number)} class="name">
            #{run.number} {run.name}
          </a>{" "}
          <bdi>{run.title}</bdi>
        </p>
        <p class="row facts">
          <span>
            {run.event}
            {run.actor === null ? "" : ` by ${run.actor}`}
          </span>
          <RefLink repository={repository} refName={run.ref} sha={run.headSha} />
          <Moment at={run.createdAt} now={now} />
          <Duration startedAt={run.startedAt} finishedAt={run.finishedAt} now={now} />
        </p>
      </div>
    </li>
  );
}
