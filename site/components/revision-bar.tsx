// Where one is in a repository's content: the revision, the path, and the last commit.
import { formatName } from "./format-name.ts";
import { Moment } from "./moment.tsx";
import { contentPath, runPath } from "./paths.ts";
import { StatusBadge } from "./status-badge.tsx";
import type { CommitView, RepositoryView, RevisionView } from "./views.ts";

/** Folders above that a page links to: the nearest. */
const FOLDERS_ABOVE_MAX = 12;

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

/**
 * Links to the folders above, ending in the name of what is shown, which is the page's heading. Each link holds the whole
 * path to its folder, so of many folders only the nearest have one.
 */
export function Breadcrumbs({ repository, revision, path }: BreadcrumbsProps) {
  const names = path === "" ? [] : path.split("/");
  const above = names.slice(0, -1);
  const leftOut = Math.max(0, above.length - FOLDERS_ABOVE_MAX);
  return (
    <h1 class="path">
      {names.length === 0 ? null : (
        <>
          <a href={contentPath(repository, "tree", revision.name)}>{repository.name}</a>
          {" / "}
        </>
      )}
      {leftOut === 0 ? null : <span title={`${leftOut} folders more`}>… / </span>}
      {above.slice(leftOut).map((name, at) => (
        <>
          <a
            href={contentPath(repository, "tree", revision.name, names.slice(0, leftOut + at + 1).join("/"))}
          >
            {formatName(name)}
          </a>
          {" / "}
        </>
      ))}
      {formatName(names.at(-1) ?? repository.name)}
    </h1>
  );
}

interface CommitLineProps {
  repository: RepositoryView;
  revision: RevisionView;
  /** Null for a tag of a tree or blob. */
  commit: CommitView | null;
  now: Date;
}

/** The commit shown, with the runs it caused. */
export function CommitLine({ repository, revision, commit, now }: CommitLineProps) {
  if (commit === null) {
    return (
      <p>
        The {revision.kind} <b>{revision.name}</b> points at files, not at a commit.
      </p>
    );
  }
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
