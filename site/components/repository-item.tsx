// A repository in a list.
import { Moment } from "./moment.tsx";
import { repositoryPath } from "./paths.ts";
import { Visibility } from "./repository-header.tsx";
import type { RepositoryView } from "./views.ts";

export function RepositoryItem({ repository, now }: { repository: RepositoryView; now: Date }) {
  return (
    <li class="item tight">
      <p class="row">
        <a href={repositoryPath(repository)} class="name">
          {repository.owner}/{repository.name}
        </a>
        <Visibility isPrivate={repository.isPrivate} />
        <span class="facts end">
          {repository.pushedAt === null ? (
            "nothing pushed yet"
          ) : (
            <>
              pushed <Moment at={repository.pushedAt} now={now} />
            </>
          )}
        </span>
      </p>
      {repository.description === "" ? null : (
        <p>
          <bdi>{repository.description}</bdi>
        </p>
      )}
    </li>
  );
}
