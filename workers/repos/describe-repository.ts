// A repository in GitHub's shape.
import { z } from "@hono/zod-openapi";
import { hasRole, type Visibility } from "../../schema/roles.ts";
import { formatTime } from "../core/format-time.ts";
import { describeUser, simpleUserSchema } from "./describe-user.ts";
import type { Repository } from "./service.ts";

/** What `private` asks for; undefined where it is absent, and the site's settings say. */
export function toVisibility(isPrivate: boolean | undefined): Visibility | undefined {
  if (isPrivate === undefined) return undefined;
  return isPrivate ? "private" : "public";
}

/** GitHub's `full-repository`: the fields named here, and the addresses and counts that GitHub gives besides. */
export const repositorySchema = z
  .looseObject({
    id: z.number().int(),
    node_id: z.string(),
    name: z.string(),
    full_name: z.string(),
    private: z.boolean(),
    visibility: z.enum(["public", "internal", "private"]),
    archived: z.boolean(),
    owner: simpleUserSchema,
    description: z.string().nullable(),
    html_url: z.string(),
    url: z.string(),
    clone_url: z.string(),
    default_branch: z.string(),
    /** When it was made, until the first push. */
    pushed_at: z.string(),
    created_at: z.string(),
    updated_at: z.string(),
    permissions: z.record(z.string(), z.boolean()),
  })
  .openapi("Repository");

// What GitHub's clients put together themselves, from the repository's address.
const ADDRESSES = {
  archive_url: "/{archive_format}{/ref}",
  assignees_url: "/assignees{/user}",
  blobs_url: "/git/blobs{/sha}",
  branches_url: "/branches{/branch}",
  collaborators_url: "/collaborators{/collaborator}",
  comments_url: "/comments{/number}",
  commits_url: "/commits{/sha}",
  compare_url: "/compare/{base}...{head}",
  contents_url: "/contents/{+path}",
  contributors_url: "/contributors",
  deployments_url: "/deployments",
  downloads_url: "/downloads",
  events_url: "/events",
  forks_url: "/forks",
  git_commits_url: "/git/commits{/sha}",
  git_refs_url: "/git/refs{/sha}",
  git_tags_url: "/git/tags{/sha}",
  hooks_url: "/hooks",
  issue_comment_url: "/issues/comments{/number}",
  issue_events_url: "/issues/events{/number}",
  issues_url: "/issues{/number}",
  keys_url: "/keys{/key_id}",
  labels_url: "/labels{/name}",
  languages_url: "/languages",
  merges_url: "/merges",
  milestones_url: "/milestones{/number}",
  notifications_url: "/notifications{?since,all,participating}",
  pulls_url: "/pulls{/number}",
  releases_url: "/releases{/id}",
  stargazers_url: "/stargazers",
  statuses_url: "/statuses/{sha}",
  subscribers_url: "/subscribers",
  subscription_url: "/subscription",
  tags_url: "/tags",
  teams_url: "/teams",
  trees_url: "/git/trees{/sha}",
} as const;

// What Plue hasn't got, as GitHub tells that a repository has none of it.
const ABSENT = {
  ...{ fork: false, disabled: false, homepage: null, language: null, license: null, mirror_url: null },
  ...{ forks: 0, forks_count: 0, network_count: 0, stargazers_count: 0, subscribers_count: 0 },
  ...{ open_issues: 0, open_issues_count: 0, watchers: 0, watchers_count: 0, topics: [] },
  ...{ has_issues: false, has_projects: false, has_wiki: false, has_pages: false },
  ...{ has_discussions: false, has_downloads: false, is_template: false, allow_forking: false },
};

/** GitHub's words for what a role lets one do. */
export const describePermissions = (role: Repository["role"]): Record<string, boolean> => ({
  admin: hasRole(role, "admin"),
  maintain: hasRole(role, "maintain"),
  push: hasRole(role, "write"),
  triage: hasRole(role, "triage"),
  pull: hasRole(role, "read"),
});

/** As `repositorySchema`. */
export function describeRepository(
  repository: Repository,
  publicUrl: string,
): z.infer<typeof repositorySchema> {
  const fullName = `${repository.owner}/${repository.name}`;
  const url = `${publicUrl}/api/v3/repos/${fullName}`;
  const { host } = new URL(publicUrl);
  return {
    id: repository.id,
    node_id: btoa(`010:Repository${repository.id}`),
    name: repository.name,
    full_name: fullName,
    private: repository.isPrivate,
    visibility: repository.visibility,
    archived: repository.isArchived,
    owner: describeUser(
      { id: repository.ownerId, username: repository.owner, kind: repository.ownerKind },
      publicUrl,
    ),
    description: repository.description === "" ? null : repository.description,
    html_url: `${publicUrl}/${fullName}`,
    url,
    ...Object.fromEntries(Object.entries(ADDRESSES).map(([name, rest]) => [name, `${url}${rest}`])),
    ...ABSENT,
    size: repository.sizeKib,
    clone_url: `${publicUrl}/${fullName}.git`,
    git_url: `git://${host}/${fullName}.git`,
    ssh_url: `git@${host}:${fullName}.git`,
    svn_url: `${publicUrl}/${fullName}`,
    default_branch: repository.defaultBranch,
    permissions: describePermissions(
      repository.visibility === "public" ? (repository.role ?? "read") : repository.role,
    ),
    pushed_at: formatTime(repository.pushedAt ?? repository.createdAt),
    created_at: formatTime(repository.createdAt),
    updated_at: formatTime(repository.updatedAt),
  };
}
