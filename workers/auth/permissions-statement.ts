// The rules of permission said a second time, in full and by hand, for the matrix test: which roles and which scopes do
// what. It shares no table and no code with permissions.ts, so that a slip in one is seen in the other.
import type { OrganizationRole, RepositoryRole } from "../../schema/roles.ts";
import type { TokenScope } from "../core/actor.ts";
import type {
  AccountAction,
  OrganizationAction,
  RepositoryAction,
  SiteAction,
  TeamAction,
} from "./permissions.ts";

interface Stated<Role> {
  roles: readonly Role[];
  scopes: readonly TokenScope[];
}

export const STATED_REPOSITORY: Record<RepositoryAction, Stated<RepositoryRole> & { archived: boolean }> = {
  "repository.read": {
    roles: ["read", "triage", "write", "maintain", "admin"],
    scopes: ["repo:read", "repo:write", "admin"],
    archived: true,
  },
  "repository.write": {
    roles: ["write", "maintain", "admin"],
    scopes: ["repo:write", "admin"],
    archived: false,
  },
  "run.cancel": { roles: ["write", "maintain", "admin"], scopes: ["run:*", "admin"], archived: true },
  "status.write": { roles: ["write", "maintain", "admin"], scopes: ["repo:write", "admin"], archived: false },
  "repository.see-access": {
    roles: ["write", "maintain", "admin"],
    scopes: ["repo:read", "repo:write", "admin"],
    archived: true,
  },
  "repository.give-up": {
    roles: ["read", "triage", "write", "maintain", "admin"],
    scopes: ["repo:write", "admin"],
    archived: true,
  },
  "repository.maintain": { roles: ["maintain", "admin"], scopes: ["repo:write", "admin"], archived: false },
  "repository.administer": { roles: ["admin"], scopes: ["admin"], archived: true },
};

export const STATED_ACCOUNT: Record<AccountAction, readonly TokenScope[]> = {
  "account.read": ["user:*", "admin"],
  "account.write": ["user:*", "admin"],
  "account.keys": ["user:*", "admin"],
  "account.create-organization": ["org:*", "admin"],
  "account.create-repository": ["repo:write", "admin"],
  "account.credentials": ["admin"],
};

/** `refused`: what those hear who may not. `byAdmin`: whether a site's admin may without belonging to it. */
export const STATED_ORGANIZATION: Record<
  OrganizationAction,
  Stated<OrganizationRole | "stranger"> & { refused: "hidden" | "forbidden"; byAdmin: boolean }
> = {
  "organization.read": {
    roles: ["owner", "member", "billing", "stranger"],
    scopes: ["repo:read", "repo:write", "run:*", "org:*", "user:*", "admin"],
    ...{ refused: "forbidden", byAdmin: true },
  },
  "organization.see-members": {
    roles: ["owner", "member"],
    scopes: ["org:*", "admin"],
    ...{ refused: "hidden", byAdmin: true },
  },
  "organization.see-access": {
    roles: ["owner"],
    scopes: ["org:*", "admin"],
    ...{ refused: "forbidden", byAdmin: true },
  },
  "organization.create-repository": {
    roles: ["owner", "member"],
    scopes: ["repo:write", "admin"],
    ...{ refused: "forbidden", byAdmin: true },
  },
  "organization.invite": {
    roles: ["owner"],
    scopes: ["org:*", "admin"],
    ...{ refused: "forbidden", byAdmin: true },
  },
  "organization.create-team": {
    roles: ["owner"],
    scopes: ["org:*", "admin"],
    ...{ refused: "forbidden", byAdmin: true },
  },
  "organization.administer": {
    roles: ["owner"],
    scopes: ["org:*", "admin"],
    ...{ refused: "forbidden", byAdmin: true },
  },
  "organization.show-membership": {
    roles: ["owner", "member"],
    scopes: ["org:*", "admin"],
    ...{ refused: "forbidden", byAdmin: false },
  },
  "organization.leave": {
    roles: ["owner", "member", "billing"],
    scopes: ["org:*", "admin"],
    ...{ refused: "forbidden", byAdmin: false },
  },
};

type Place = "owner" | "maintainer" | "team member" | "member" | "billing" | "stranger";

/** Who may do it to a closed team, and who to a secret one; who isn't named and can't read it is told of nothing. */
export const STATED_TEAM: Record<TeamAction, { closed: readonly Place[]; secret: readonly Place[] }> = {
  "team.read": {
    closed: ["owner", "maintainer", "team member", "member"],
    secret: ["owner", "maintainer", "team member"],
  },
  "team.maintain": { closed: ["owner", "maintainer"], secret: ["owner", "maintainer"] },
  "team.administer": { closed: ["owner"], secret: ["owner"] },
};

export const STATED_SITE: Record<SiteAction, readonly TokenScope[]> = { "site.administer": ["admin"] };
