// The fields of GitHub's repositories that Plue's don't have.
import { unsupported } from "../core/unsupported.ts";

const FEATURES = {
  homepage: unsupported(""),
  has_issues: unsupported(false),
  has_projects: unsupported(false),
  has_wiki: unsupported(false),
  is_template: unsupported(false),
};

const MERGES = {
  allow_squash_merge: unsupported(false),
  allow_merge_commit: unsupported(false),
  allow_rebase_merge: unsupported(false),
  delete_branch_on_merge: unsupported(false),
  squash_merge_commit_title: unsupported(),
  squash_merge_commit_message: unsupported(),
  merge_commit_title: unsupported(),
  merge_commit_message: unsupported(),
};

/** Of a repository that is made, for a person or an organization. */
export const UNSUPPORTED_WHEN_MADE = {
  ...FEATURES,
  ...MERGES,
  has_downloads: unsupported(false),
  allow_auto_merge: unsupported(false),
  team_id: unsupported(),
  gitignore_template: unsupported(""),
  license_template: unsupported(""),
};

/** Of a repository that is changed. */
export const UNSUPPORTED_WHEN_CHANGED = {
  ...FEATURES,
  ...MERGES,
  security_and_analysis: unsupported(),
  has_pull_requests: unsupported(false),
  pull_request_creation_policy: unsupported(),
  allow_update_branch: unsupported(false),
  use_squash_pr_title_as_default: unsupported(false),
  allow_forking: unsupported(false),
  web_commit_signoff_required: unsupported(false),
};
