// An invitation to a repository in GitHub's shape.
import { z } from "@hono/zod-openapi";
import { REPOSITORY_ROLES } from "../../schema/roles.ts";
import { formatTime } from "../core/format-time.ts";
import { describeRepository, repositorySchema } from "./describe-repository.ts";
import { describeUser, simpleUserSchema } from "./describe-user.ts";
import { type Invitation, toRepositoryRole } from "./invitations.ts";
import type { Repository } from "./service.ts";

export const repositoryInvitationSchema = z
  .object({
    id: z.number().int(),
    node_id: z.string(),
    permissions: z.enum(REPOSITORY_ROLES),
    inviter: simpleUserSchema.nullable(),
    invitee: simpleUserSchema.nullable(),
    repository: repositorySchema,
    url: z.string(),
    html_url: z.string(),
    created_at: z.string(),
    expired: z.boolean(),
  })
  .openapi("RepositoryInvitation");

/** As `repositoryInvitationSchema`. */
export function describeInvitation(
  invitation: Invitation,
  repository: Repository,
  publicUrl: string,
): z.infer<typeof repositoryInvitationSchema> {
  const describePerson = (id: number | null, username: string | null) =>
    id === null || username === null ? null : describeUser({ id, username }, publicUrl);
  return {
    id: invitation.id,
    node_id: btoa(`020:RepositoryInvitation${invitation.id}`),
    permissions: toRepositoryRole(invitation.role),
    inviter: describePerson(invitation.inviterId, invitation.inviter),
    invitee: describePerson(invitation.inviteeId, invitation.invitee),
    repository: describeRepository(repository, publicUrl),
    url: `${publicUrl}/api/v3/user/repository_invitations/${invitation.id}`,
    html_url: `${publicUrl}/settings/organizations`,
    created_at: formatTime(invitation.createdAt),
    expired: false,
  };
}
