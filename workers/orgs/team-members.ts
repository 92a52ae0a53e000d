// Who is in a team, and which repositories it has. Invariant: only members of the organisation are in its teams, and
// only its own repositories are lent to them.
import type { RepositoryRole } from "../../schema/roles.ts";
import { recordAudit } from "../audit/service.ts";
import { requirePermission } from "../auth/permissions.ts";
import type { UserActor } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import type { Origin } from "../core/origin.ts";
import type { PageRequest } from "../core/paging.ts";
import { endCachedAccess } from "../repos/access-epoch.ts";
import { listRepositoriesWithin, type Repository } from "../repos/service.ts";
import { findRole } from "./store/members.ts";
import { lockOrganization } from "./store/organizations.ts";
import * as store from "./store/teams.ts";
import type { Team } from "./teams.ts";

/** People of the team and of those within it, by name. */
export async function listTeamMembers(
  database: Database,
  actor: UserActor,
  team: Team,
  wanted: { role?: store.TeamRole | undefined },
  page: PageRequest,
) {
  requirePermission(actor, "team.read", team);
  const members = await store.listTeamMembers(database.query, team.teamId, wanted, page);
  return { members, total: members[0]?.total ?? 0 };
}

/** What somebody is in the team itself. @throws ForgeError `not_found` when nothing */
export async function requireTeamRole(
  database: Database,
  actor: UserActor,
  team: Team,
  userId: number,
): Promise<store.TeamRole> {
  requirePermission(actor, "team.read", team);
  const role = await store.findTeamRole(database.query, team.teamId, userId);
  if (role === undefined) throw notFound();
  return role;
}

/** Takes a member of the organisation into the team, or gives them another role there. @throws ForgeError `invalid` */
export async function setTeamMember(
  database: Database,
  actor: UserActor,
  origin: Origin,
  team: Team,
  wanted: { id: number; username: string; role: store.TeamRole },
): Promise<void> {
  requirePermission(actor, "team.maintain", team);
  await database.transaction(async (transaction) => {
    if (!(await lockOrganization(transaction, team.organizationId))) throw notFound();
    const role = await findRole(transaction, team.organizationId, wanted.id);
    if (role === null || role === "billing") {
      throw new ForgeError("invalid", `${wanted.username} isn't a member of the organisation.`);
    }
    await store.upsertTeamMember(transaction, team.teamId, wanted.id, wanted.role);
    await recordAudit(transaction, actor, origin, {
      ...describe("team.member-set", team),
      details: { user: wanted.username, role: wanted.role },
    });
  });
}

/** Takes somebody out of the team; anybody may leave. @throws ForgeError `not_found` when they aren't in it */
export async function removeTeamMember(
  database: Database,
  actor: UserActor,
  origin: Origin,
  team: Team,
  person: { id: number; username: string },
): Promise<void> {
  requirePermission(actor, person.id === actor.userId ? "team.read" : "team.maintain", team);
  await database.transaction(async (transaction) => {
    if (!(await lockOrganization(transaction, team.organizationId))) throw notFound();
    if (!(await store.deleteTeamMember(transaction, team.teamId, person.id))) throw notFound();
    await endCachedAccess(transaction, { ownerId: team.organizationId });
    await recordAudit(transaction, actor, origin, {
      ...describe("team.member-remove", team),
      details: { user: person.username },
    });
  });
}

export interface TeamRepository {
  repository: Repository;
  role: RepositoryRole;
  /** Whether a team above it has it. */
  isInherited: boolean;
}

/** What the team has, its parents' included, of what `actor` may see, or of `only` these; by name. */
export async function listTeamRepositories(
  database: Database,
  actor: UserActor,
  team: Team,
  page: PageRequest,
  only?: readonly number[],
): Promise<{ repositories: TeamRepository[]; total: number }> {
  requirePermission(actor, "team.read", team);
  const grants = await store.listTeamGrants(database.query, team.teamId);
  const all = [...new Set(grants.map((grant) => grant.repositoryId))];
  const ids = only === undefined ? all : all.filter((id) => only.includes(id));
  if (ids.length === 0) return { repositories: [], total: 0 };
  const { repositories, total } = await listRepositoriesWithin(database, actor, ids, page);
  const ranks: readonly string[] = ["read", "triage", "write", "maintain", "admin"];
  return {
    total,
    repositories: repositories.flatMap((repository) => {
      const [best] = grants
        .filter((grant) => grant.repositoryId === repository.id)
        .sort((left, right) => ranks.indexOf(right.role) - ranks.indexOf(left.role));
      return best ? [{ repository, role: best.role, isInherited: best.isInherited }] : [];
    }),
  };
}

/** Lends a repository of the organisation to the team. @throws ForgeError `invalid` for another owner's */
export async function setTeamRepository(
  database: Database,
  actor: UserActor,
  origin: Origin,
  team: Team,
  wanted: { repository: Repository; role: RepositoryRole },
): Promise<void> {
  const { repository, role } = wanted;
  requirePermission(actor, "team.read", team);
  requirePermission(actor, "repository.administer", repository);
  if (repository.ownerId !== team.organizationId) {
    throw new ForgeError("invalid", "A team has repositories of its own organisation only.");
  }
  await database.transaction(async (transaction) => {
    if (!(await lockOrganization(transaction, team.organizationId))) throw notFound();
    await store.upsertTeamRepository(transaction, team.teamId, repository.id, role);
    await endCachedAccess(transaction, { repositoryId: repository.id });
    await recordAudit(transaction, actor, origin, {
      ...describe("team.repository-set", team),
      repositoryId: repository.id,
      details: { repository: `${repository.owner}/${repository.name}`, role },
    });
  });
}

/** Takes a repository back from the team. @throws ForgeError `not_found` when the team itself hasn't got it */
export async function removeTeamRepository(
  database: Database,
  actor: UserActor,
  origin: Origin,
  team: Team,
  repository: Repository,
): Promise<void> {
  requirePermission(actor, "team.read", team);
  requirePermission(actor, "repository.administer", repository);
  await database.transaction(async (transaction) => {
    if (!(await lockOrganization(transaction, team.organizationId))) throw notFound();
    if (!(await store.deleteTeamRepository(transaction, team.teamId, repository.id))) throw notFound();
    await endCachedAccess(transaction, { repositoryId: repository.id });
    await recordAudit(transaction, actor, origin, {
      ...describe("team.repository-remove", team),
      repositoryId: repository.id,
      details: { repository: `${repository.owner}/${repository.name}` },
    });
  });
}

function describe(action: string, team: Team) {
  return {
    ...{ action, ownerId: team.organizationId },
    target: { kind: "team", id: team.teamId, name: team.slug },
  };
}
