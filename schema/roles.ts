// The roles one may have in a repository, each including those before it, and who sees it without one.

export const REPOSITORY_ROLES = ["read", "triage", "write", "maintain", "admin"] as const;
export type RepositoryRole = (typeof REPOSITORY_ROLES)[number];

/** `internal`: to the members of the organisation that owns it. */
export type Visibility = "public" | "internal" | "private";

/** How somebody belongs to an organisation; `billing` pays for it and sees no more than strangers. */
export type OrganizationRole = "owner" | "member" | "billing";

/** Whether `role` includes `needed`. */
export function hasRole(role: RepositoryRole | null, needed: RepositoryRole): boolean {
  return role !== null && REPOSITORY_ROLES.indexOf(role) >= REPOSITORY_ROLES.indexOf(needed);
}

/** The role of a rank as SQL counts it: 1 for read, 5 for admin; null for none. */
export function roleOfRank(rank: number | null): RepositoryRole | null {
  return rank === null ? null : (REPOSITORY_ROLES[rank - 1] ?? null);
}
