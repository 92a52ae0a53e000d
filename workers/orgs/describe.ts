// Organisations, memberships, invitations and teams in GitHub's shapes.
import { z } from "@hono/zod-openapi";
import type { OrganizationRole } from "../../schema/roles.ts";
import { formatTime } from "../core/format-time.ts";
import { describeUser, simpleUserSchema } from "../repos/describe-user.ts";
import type { Invitation } from "./invitations.ts";
import type { Organization } from "./organizations.ts";
import type { Team } from "./teams.ts";

export const organizationSchema = z
  .looseObject({
    login: z.string(),
    id: z.number().int(),
    node_id: z.string(),
    url: z.string(),
    description: z.string().nullable(),
  })
  .openapi("OrganizationSimple");

/** GitHub's `organization-simple`. */
export function describeOrganization(
  organization: Organization,
  publicUrl: string,
): z.infer<typeof organizationSchema> {
  const url = `${publicUrl}/api/v3/orgs/${organization.name}`;
  return {
    login: organization.name,
    id: organization.organizationId,
    node_id: btoa(`012:Organization${organization.organizationId}`),
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: "data:,",
    description: organization.description === "" ? null : organization.description,
  };
}

export const organizationFullSchema = organizationSchema.extend({
  name: z.string(),
  html_url: z.string(),
  public_repos: z.number().int(),
  created_at: z.string(),
  updated_at: z.string(),
  type: z.literal("Organization"),
});

/** GitHub's `organization-full`; its settings are told to owners alone. */
export function describeWholeOrganization(
  organization: Organization,
  publicRepositories: number,
  isOwner: boolean,
  publicUrl: string,
): z.infer<typeof organizationFullSchema> {
  return {
    ...describeOrganization(organization, publicUrl),
    name: organization.displayName === "" ? organization.name : organization.displayName,
    ...(organization.location === "" ? {} : { location: organization.location }),
    ...(URL.canParse(organization.website) ? { blog: organization.website } : {}),
    html_url: `${publicUrl}/${organization.name}`,
    type: "Organization" as const,
    created_at: formatTime(organization.createdAt),
    updated_at: formatTime(organization.updatedAt),
    archived_at: null,
    public_repos: publicRepositories,
    ...{ public_gists: 0, followers: 0, following: 0 },
    ...{ has_organization_projects: false, has_repository_projects: false, is_verified: false },
    ...(isOwner
      ? {
          billing_email: organization.billingEmail === "" ? null : organization.billingEmail,
          default_repository_permission: organization.baseRole,
          members_can_create_repositories: organization.membersCanCreate,
        }
      : {}),
  };
}

/** Owners are `admin` to GitHub. */
const GITHUB_ROLES = { owner: "admin", member: "member", billing: "billing_manager" } as const;

export const membershipSchema = z
  .object({
    url: z.string(),
    state: z.enum(["active", "pending"]),
    role: z.enum(["admin", "member", "billing_manager"]),
    organization_url: z.string(),
    organization: organizationSchema,
    user: simpleUserSchema.nullable(),
  })
  .openapi("OrganizationMembership");

export function describeMembership(
  organization: Organization,
  person: { id: number; username: string; isAdmin?: boolean },
  membership: { state: "active" | "pending"; role: OrganizationRole },
  publicUrl: string,
): z.infer<typeof membershipSchema> {
  const { url } = describeOrganization(organization, publicUrl);
  return {
    url: `${url}/memberships/${person.username}`,
    state: membership.state,
    role: GITHUB_ROLES[membership.role],
    organization_url: url,
    organization: describeOrganization(organization, publicUrl),
    user: describeUser(person, publicUrl),
  };
}

export const invitationSchema = z
  .object({
    id: z.number().int(),
    node_id: z.string(),
    login: z.string().nullable(),
    email: z.string().nullable(),
    role: z.enum(["admin", "direct_member", "billing_manager"]),
    created_at: z.string(),
    failed_at: z.null(),
    failed_reason: z.null(),
    inviter: simpleUserSchema.nullable(),
    team_count: z.number().int(),
    invitation_teams_url: z.string(),
  })
  .openapi("OrganizationInvitation");

export function describeInvitation(
  invitation: Invitation,
  organization: Organization,
  publicUrl: string,
): z.infer<typeof invitationSchema> {
  const { inviterId, inviter, role } = invitation;
  const { url } = describeOrganization(organization, publicUrl);
  return {
    id: invitation.id,
    node_id: btoa(`022:OrganizationInvitation${invitation.id}`),
    login: invitation.invitee,
    email: invitation.email,
    role: role === "owner" ? "admin" : role === "billing" ? "billing_manager" : "direct_member",
    created_at: formatTime(invitation.createdAt),
    failed_at: null,
    failed_reason: null,
    inviter:
      inviterId === null || inviter === null
        ? null
        : describeUser({ id: inviterId, username: inviter }, publicUrl),
    team_count: invitation.teamIds.length,
    invitation_teams_url: `${url}/invitations/${invitation.id}/teams`,
  };
}

export const teamSchema = z
  .looseObject({
    id: z.number().int(),
    node_id: z.string(),
    url: z.string(),
    html_url: z.string(),
    name: z.string(),
    slug: z.string(),
    description: z.string(),
    privacy: z.enum(["closed", "secret"]),
    members_count: z.number().int(),
    repos_count: z.number().int(),
  })
  .openapi("Team");

/** GitHub's `team-full`, and its `team` where it is read as one. What a team may do is said of each repository. */
export function describeTeam(
  team: Team,
  parent: Team | null,
  organization: Organization,
  publicUrl: string,
): z.infer<typeof teamSchema> {
  const url = `${publicUrl}/api/v3/orgs/${organization.name}/teams/${team.slug}`;
  return {
    id: team.teamId,
    node_id: btoa(`04:Team${team.teamId}`),
    url,
    html_url: `${publicUrl}/orgs/${organization.name}/teams/${team.slug}`,
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    name: team.name,
    slug: team.slug,
    description: team.description,
    privacy: team.privacy,
    notification_setting: "notifications_disabled",
    permission: "pull",
    type: "organization",
    organization_id: organization.organizationId,
    parent: parent === null ? null : describeTeam(parent, null, organization, publicUrl),
    members_count: team.memberCount,
    repos_count: team.repositoryCount,
    created_at: formatTime(team.createdAt),
    updated_at: formatTime(team.updatedAt),
    organization: describeWholeOrganization(organization, 0, false, publicUrl),
  };
}
