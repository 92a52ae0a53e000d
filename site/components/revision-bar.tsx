// Where one is in a repository's content: the revision, the path, and the last commit.
import { Moment } from "./moment.tsx";
import { contentPath, runPath } from "./paths.ts";
import { StatusBadge } from "./status-badge.tsx";
import type { CommitView, RepositoryView, RevisionView } from "./views.ts";

interface RevisionPickerProps {
  repository: RepositoryView;
  revision: RevisionView;
}

/** The revision shown, opening to links to the others. */
export function RevisionPicker({ repository, revision }: RevisionPickerProps) {
  const lists = [
    { label: "Branches", names: revision.branches },
    { label: "Tags", names: revision.tags },
  ].filter(({ names }) => names.length > 0);
  return (
    <details class="picker">
      <summary>
        {revision.kind} <b>{revision.kind === "commit" ? revision.name.slice(0, 10) : revision.name}</b>
      </summary>
      {lists.map(({ label, names }) => (
        <nav aria-label={label}>
          <p class="picker-title">{label}</p>
          <ul class="picker-list">
            {names.map((name) => (
              <li>
                <a
                  href={contentPath(repository, "tree", name)}
                  aria-current={name === revision.name ? "true" : undefined}
                >
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      ))}
      {revision.isCut ? (
        <p class="picker-title">More exist: put a name in the address after /tree/.</p>
      ) : null}
    </details>
  );
}

interface BreadcrumbsProps extends RevisionPickerProps {
  /** Empty for the root. */
  path: string;
}

/** Links to each folder above, ending in the name of what is shown, which is the page's heading. */
export function Breadcrumbs({ repository, revision, path }: BreadcrumbsProps) {
  const names = path === "" ? [] : path.split("/");
  const above = [repository.name, ...names].slice(0, -1);
  return (
    <h1 class="path">
      {above.map((name, depth) => (
        <>
          <a href={contentPath(repository, "tree", revision.name, names.slice(0, depth).join("/"))}>{name}</a>
          {" / "}
        </>
      ))}
      {names.at(-1) ?? repository.name}
    </h1>
  );
}

interface CommitLineProps {
  repository: RepositoryView;
  commit: CommitView;
  now: Date;
}

/** The commit shown, with the runs it caused. */
export function CommitLine({ repository, commit, now }: CommitLineProps) {
  return (
    <div class="commit">
      <p>
        <bdi>{commit.subject === "" ? "(no message)" : commit.subject}</bdi>
      </p>
      <p class="row facts">
        <a href={contentPath(repository, "tree", commit.sha)} title={`files at ${commit.sha}`}>
          {commit.sha.slice(0, 10)}
        </a>
        <bdi>{commit.authorName}</bdi>
        {commit.authoredAt === null ? <span>unknown date</span> : <Moment at={commit.authoredAt} now={now} />}
        {commit.runs.map((run) => (
          <a href={runPath(repository, run.number)} class="commit-run">
            {`${run.name} #${run.number} `}
            <StatusBadge status={run.status} />
          </a>
        ))}
      </p>
    </div>
  );
}
