// The repositories that the viewer may see.
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { Pager } from "../components/pager.tsx";
import { newRepositoryPath, signInPath } from "../components/paths.ts";
import { RepositoryItem } from "../components/repository-item.tsx";
import type { Paging, RepositoryView } from "../components/views.ts";

interface HomePageProps {
  frame: Frame;
  repositories: readonly RepositoryView[];
  paging: Paging;
}

export function HomePage({ frame, repositories, paging }: HomePageProps) {
  return (
    <Layout frame={frame} title="Repositories">
      <h1>Repositories</h1>
      {repositories.length === 0 ? (
        <NoRepositories frame={frame} />
      ) : (
        <ul class="list">
          {repositories.map((repository) => (
            <RepositoryItem repository={repository} now={frame.now} />
          ))}
        </ul>
      )}
      <Pager paging={paging} />
    </Layout>
  );
}

function NoRepositories({ frame }: { frame: Frame }) {
  if (frame.viewer === null) {
    return (
      <p>
        There is no public repository here. <a href={signInPath}>Sign in</a> to see yours.
      </p>
    );
  }
  return (
    <>
      <p>
        You see no repository yet. Make one with the form <a href={newRepositoryPath}>New repository</a>, or
        by its API, in the folder where <code>npm start</code> runs:
      </p>
      <pre class="text">
        {`curl -H "Authorization: Bearer $(cat .plue/admin.token)" ${frame.publicUrl}/api/v3/user/repos -d '{"name":"demo"}'`}
      </pre>
    </>
  );
}
