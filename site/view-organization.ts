// An organisation as its pages show it to one viewer.
import { can } from "../workers/auth/permissions.ts";
import type { Actor } from "../workers/core/actor.ts";
import type { Organization } from "../workers/orgs/organizations.ts";
import type { OrganizationView } from "./components/organization-layout.tsx";

export function viewOrganization(organization: Organization, actor: Actor): OrganizationView {
  const { name, displayName, description } = organization;
  return {
    ...{ name, displayName, description },
    isMember: can(actor, "organization.see-members", organization) === "allowed",
    isOwner: can(actor, "organization.administer", organization) === "allowed",
  };
}
