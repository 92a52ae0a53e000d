// A folder of a repository at a revision: last commit, files, README.
import { formatName } from "../components/format-name.ts";
import { formatSize } from "../components/format-time.ts";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { cloneUrl, contentPath } from "../components/paths.ts";
import { RepositoryHeader } from "../components/repository-header.tsx";
import { Breadcrumbs, CommitLine, RevisionPicker } from "../components/revision-bar.tsx";
import type { CommitView, RepositoryView, RevisionView } from "../components/views.ts";

interface TreeEntryView {
  name: string;
  /** As git writes it: 040000, 100644, 100755, 120000, 160000. */
  mode: string;
  /** Of files, where known. */
  sizeBytes: number | null;
}

interface RepositoryPageProps {
  frame: Frame;
  repository: RepositoryView;
  revision: RevisionView;
  /** Null for a tag of a tree or blob. */
  commit: CommitView | null;
  /** The folder's path without slashes at its ends; empty for the root. */
  path: string;
  entries: readonly TreeEntryView[];
  /** How many further entries the folder has that aren't in `entries`. */
  entriesLeftOut: number;
  readme: { name: string; text: string } | null;
}

export function RepositoryPage(props: RepositoryPageProps) {
  const { frame, repository, revision, path, readme } = props;
  const name = `${repository.owner}/${repository.name}`;
  return (
    <Layout frame={frame} title={path === "" ? name : `${formatName(path)} · ${name}`}>
      <RepositoryHeader repository={repository} tab="files" />
      <div class="row">
        <RevisionPicker repository={repository} revision={revision} />
        <Breadcrumbs repository={repository} revision={revision} path={path} />
      </div>
      <CommitLine repository={repository} revision={revision} commit={props.commit} now={frame.now} />
      <FileTable {...props} />
      {path === "" ? (
        <p class="clone">
          <label for="clone">Clone</label>
          <input id="clone" class="clone-url" readonly value={cloneUrl(frame.publicUrl, repository)} />
        </p>
      ) : null}
      {readme === null ? null : (
        <section aria-labelledby="readme" class="tight">
          <h2 id="readme">{formatName(readme.name)}</h2>
          <pre class="text">{readme.text}</pre>
        </section>
      )}
    </Layout>
  );
}

function FileTable({ repository, revision, path, entries, entriesLeftOut }: RepositoryPageProps) {
  if (entries.length === 0) return <p>This folder is empty.</p>;
  return (
    <>
      <table class="files">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="kind">
              Kind
            </th>
            <th scope="col" class="size">
              Size
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr>
              <td>
                <a
                  href={hrefOf(
                    repository,
                    revision,
                    path === "" ? entry.name : `${path}/${entry.name}`,
                    entry,
                  )}
                >
                  <bdi>{formatName(entry.name)}</bdi>
                  {entry.mode === "040000" ? "/" : ""}
                </a>
              </td>
              <td class="kind">{KINDS[entry.mode] ?? entry.mode}</td>
              <td class="size">{entry.sizeBytes === null ? "" : formatSize(entry.sizeBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {entriesLeftOut === 0 ? null : <p>{entriesLeftOut} more are not listed; a clone has them all.</p>}
    </>
  );
}

const KINDS: Record<string, string> = {
  "040000": "folder",
  "100644": "file",
  "100664": "file",
  "100755": "executable",
  "120000": "link",
  "160000": "submodule",
};

const hrefOf = (
  repository: RepositoryView,
  revision: RevisionView,
  path: string,
  entry: TreeEntryView,
): string => contentPath(repository, entry.mode === "040000" ? "tree" : "blob", revision.name, path);
