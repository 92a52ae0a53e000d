// One file of a repository at a revision.
import { formatName } from "../components/format-name.ts";
import { formatSize } from "../components/format-time.ts";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { contentPath } from "../components/paths.ts";
import { RepositoryHeader } from "../components/repository-header.tsx";
import { Breadcrumbs, CommitLine, RevisionPicker } from "../components/revision-bar.tsx";
import type { CommitView, RepositoryView, RevisionView } from "../components/views.ts";

type FileContent =
  | { kind: "text"; text: string; sizeBytes: number }
  | { kind: "binary"; sizeBytes: number }
  | { kind: "large"; sizeBytes: number; limitBytes: number }
  | { kind: "symlink"; target: string }
  | { kind: "submodule"; oid: string };

interface FilePageProps {
  frame: Frame;
  repository: RepositoryView;
  revision: RevisionView;
  /** Null for a tag of a tree or blob. */
  commit: CommitView | null;
  /** Without slashes at its ends. */
  path: string;
  file: FileContent;
}

export function FilePage({ frame, repository, revision, commit, path, file }: FilePageProps) {
  return (
    <Layout
      frame={frame}
      title={`${formatName(path === "" ? revision.name : path)} · ${repository.owner}/${repository.name}`}
    >
      <RepositoryHeader repository={repository} tab="files" />
      <div class="row">
        <RevisionPicker repository={repository} revision={revision} />
        <Breadcrumbs repository={repository} revision={revision} path={path} />
      </div>
      <CommitLine repository={repository} revision={revision} commit={commit} now={frame.now} />
      {file.kind === "submodule" ? null : (
        <p class="row facts">
          {"sizeBytes" in file ? <span>{formatSize(file.sizeBytes)}</span> : null}
          <a href={contentPath(repository, "raw", revision.name, path)}>raw</a>
        </p>
      )}
      <Content file={file} />
    </Layout>
  );
}

function Content({ file }: { file: FileContent }) {
  if (file.kind === "text") return <Lines text={file.text} />;
  if (file.kind === "binary") return <p>This file is not text. The raw link above gives its bytes.</p>;
  if (file.kind === "large") {
    return (
      <p>Files above {formatSize(file.limitBytes)} are not shown. The raw link above gives this one whole.</p>
    );
  }
  if (file.kind === "symlink") {
    return (
      <p>
        A symbolic link to <code>{file.target}</code>
      </p>
    );
  }
  return (
    <p>
      A submodule at commit <code>{file.oid}</code>
    </p>
  );
}

/** Each line is an anchor, `#L12`. Its number can't be copied with the text, nor is it a stop of the Tab key. */
function Lines({ text }: { text: string }) {
  if (text === "") return <p>This file is empty.</p>;
  const lines = (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
  return (
    <pre class="source">
      {lines.map((line, i) => (
        <span class="source-line" id={`L${i + 1}`}>
          <a href={`#L${i + 1}`} tabindex={-1}>
            {i + 1}
          </a>
          <code>{`${line}\n`}</code>
        </span>
      ))}
    </pre>
  );
}
