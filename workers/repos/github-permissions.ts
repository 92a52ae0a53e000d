// GitHub's words for roles in a repository, of which two differ from ours. Pure.
import type { RepositoryRole } from "../../schema/roles.ts";

export const GITHUB_PERMISSIONS = ["pull", "triage", "push", "maintain", "admin"] as const;

/** Our word for a permission; GitHub takes both. */
export function toRole(permission: (typeof GITHUB_PERMISSIONS)[number] | "read" | "write"): RepositoryRole {
  if (permission === "pull") return "read";
  return permission === "push" ? "write" : permission;
}

export function toGithubPermission(role: RepositoryRole): (typeof GITHUB_PERMISSIONS)[number] {
  if (role === "read") return "pull";
  return role === "write" ? "push" : role;
}
