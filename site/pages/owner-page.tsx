// A person or an organisation, and those of their repositories that the viewer may see.
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { OrganizationHeader, type OrganizationView } from "../components/organization-layout.tsx";
import { ownerPath } from "../components/organization-paths.ts";
import { Pager } from "../components/pager.tsx";
import { RepositoryItem } from "../components/repository-item.tsx";
import type { Paging, RepositoryView } from "../components/views.ts";

interface OwnerPageProps {
  frame: Frame;
  owner: { username: string; displayName: string; bio: string; location: string; website: string };
  /** Null for a person. */
  organization: OrganizationView | null;
  /** The organisations that a person shows they belong to. */
  memberships: readonly string[];
  repositories: readonly RepositoryView[];
  total: number;
  paging: Paging;
}

export function OwnerPage(props: OwnerPageProps) {
  const { frame, owner, organization, memberships, repositories, total, paging } = props;
  return (
    <Layout frame={frame} title={owner.username}>
      {organization === null ? (
        <p class="row">
          <span class="name">{owner.username}</span>
          <bdi>{owner.displayName}</bdi>
        </p>
      ) : (
        <OrganizationHeader organization={organization} tab="repositories" />
      )}
      {organization === null && owner.bio !== "" ? (
        <p>
          <bdi>{owner.bio}</bdi>
        </p>
      ) : null}
      <p class="row facts">
        <bdi>{owner.location}</bdi>
        {isWebAddress(owner.website) ? (
          <a href={owner.website} rel="nofollow noopener ugc">
            {owner.website}
          </a>
        ) : null}
      </p>
      {memberships.length === 0 ? null : (
        <p class="row">
          <span>Belongs to</span>
          {memberships.map((name) => (
            <a href={ownerPath(name)}>{name}</a>
          ))}
        </p>
      )}
      <h1>
        {total} {total === 1 ? "repository" : "repositories"}
      </h1>
      {repositories.length === 0 ? (
        <p>There is none here that you may see.</p>
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

// A link that somebody else wrote leads to the web or nowhere.
const isWebAddress = (text: string): boolean => /^https?:\/\//i.test(text) && URL.canParse(text);
