// Repositories that an organisation owns from the first. Whoever makes one administers it, owner or not.
import type { Visibility } from "../../schema/roles.ts";
import { recordAudit } from "../audit/service.ts";
import { requirePermission } from "../auth/permissions.ts";
import type { UserActor } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import type { Origin } from "../core/origin.ts";
import { upsertCollaborator } from "../repos/collaborators-store.ts";
import { insertRepository, type Repository, requireRepositoryById } from "../repos/service.ts";
import { readSettings } from "../site-settings/service.ts";
import type { Organization } from "./store/organizations.ts";

/**
 * Makes an empty repository; as visible as the site's new ones are where `visibility` is undefined.
 * @throws ForgeError `forbidden`, `invalid` with the field at fault
 */
export async function createOrganizationRepository(
  database: Database,
  actor: UserActor,
  origin: Origin,
  organization: Organization,
  wanted: { name: string; description: string; visibility: Visibility | undefined },
): Promise<Repository> {
  requirePermission(actor, "organization.create-repository", organization);
  const { organizationId: ownerId } = organization;
  const id = await database.transaction(async (transaction) => {
    const visibility = wanted.visibility ?? (await readSettings(transaction)).defaultVisibility;
    const repositoryId = await insertRepository(transaction, ownerId, { ...wanted, visibility });
    if (organization.organizationRole === "member") {
      await upsertCollaborator(transaction, repositoryId, actor.userId, "admin");
    }
    await recordAudit(transaction, actor, origin, {
      ...{ action: "repository.create", ownerId, repositoryId },
      target: { kind: "repository", id: repositoryId, name: `${organization.name}/${wanted.name}` },
      details: { visibility },
    });
    return repositoryId;
  });
  return requireRepositoryById(database, actor, id, "repository.read");
}
