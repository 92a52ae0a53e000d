// A repository that nothing was pushed to yet, with the exact commands to push.
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { cloneUrl, importsPath } from "../components/paths.ts";
import { RepositoryHeader } from "../components/repository-header.tsx";
import type { RepositoryView } from "../components/views.ts";

interface EmptyRepositoryPageProps {
  frame: Frame;
  repository: RepositoryView;
  defaultBranch: string;
  canWrite: boolean;
}

export function EmptyRepositoryPage({
  frame,
  repository,
  defaultBranch,
  canWrite,
}: EmptyRepositoryPageProps) {
  return (
    <Layout frame={frame} title={`${repository.owner}/${repository.name}`}>
      <RepositoryHeader repository={repository} tab="files" />
      <h1>Nothing has been pushed yet</h1>
      {canWrite && frame.viewer !== null ? (
        <PushCommands
          url={cloneUrl(frame.publicUrl, repository)}
          imports={importsPath(repository)}
          branch={defaultBranch}
          username={frame.viewer.username}
        />
      ) : (
        <p>Come back when it has.</p>
      )}
    </Layout>
  );
}

interface PushCommandsProps {
  url: string;
  imports: string;
  branch: string;
  username: string;
}

function PushCommands({ url, imports, branch, username }: PushCommandsProps) {
  return (
    <>
      <h2>From a repository you have</h2>
      <pre class="text">{`git remote add origin ${url}
git push -u origin HEAD:${branch}`}</pre>
      <h2>From nothing</h2>
      <pre class="text">{`git init -b ${branch} demo
cd demo
echo "# demo" > README.md
git add README.md
git commit -m "Begin"
git remote add origin ${url}
git push -u origin ${branch}`}</pre>
      <h2>From a repository too large for one push</h2>
      <p>
        <a href={imports}>Import it</a> in parts.
      </p>
      <p>
        git asks for a user name and a password: <code>{username}</code>, and an API token. For{" "}
        <code>admin</code>, <code>npm start</code> keeps one in the file <code>.plue/admin.token</code> of the
        folder it runs in.
      </p>
    </>
  );
}
