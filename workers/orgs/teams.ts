// The rules of teams: found, made, placed within each other, ended.
// Invariant: no team is its own ancestor, nor deeper than TEAM_LEVELS_MAX; changes of the tree hold the organisation's lock.
import { recordAudit } from "../audit/service.ts";
import { can, requirePermission, type TeamAction, type TeamTarget } from "../auth/permissions.ts";
import type { UserActor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import { TEAM_LEVELS_MAX, TEAMS_PER_ORGANIZATION_MAX } from "../core/limits.ts";
import type { Origin } from "../core/origin.ts";
import type { PageRequest } from "../core/paging.ts";
import { endCachedAccess } from "../repos/access-epoch.ts";
import { lockOrganization, type Organization } from "./store/organizations.ts";
import * as store from "./store/teams.ts";

/** A team with what it takes to judge what may be done to it. */
export type Team = store.Team & TeamTarget;

const withOrganization = (team: store.Team, { organizationRole }: Organization): Team => ({
  ...team,
  organizationRole,
});

/** The team of that slug, if `actor` may do `action` to it. @throws ForgeError `not_found`, `forbidden` */
export async function requireTeam(
  database: Database,
  actor: UserActor,
  organization: Organization,
  slug: string,
  action: TeamAction,
): Promise<Team> {
  const found = await store.findTeam(database.query, organization.organizationId, slug, actor.userId);
  if (!found) throw notFound();
  const team = withOrganization(found, organization);
  requirePermission(actor, action, team);
  return team;
}

/** The team that a team lies within, which whoever sees the one sees too. */
export async function findParent(
  database: Database,
  organization: Organization,
  team: Team,
): Promise<Team | null> {
  if (team.parentId === null) return null;
  const parent = await store.findTeamById(database.query, organization.organizationId, team.parentId, 0);
  return parent ? withOrganization(parent, organization) : null;
}

/** The teams that `actor` may know of, by slug; those right within `parent` alone where there is one. */
export async function listTeams(
  database: Database,
  actor: UserActor,
  organization: Organization,
  wanted: { parent?: Team; ownOnly?: boolean },
  page: PageRequest,
) {
  requirePermission(actor, "organization.see-members", organization);
  const filter = {
    organizationId: organization.organizationId,
    userId: actor.userId,
    seesSecret: can(actor, "organization.create-team", organization) === "allowed",
    ...(wanted.parent === undefined ? {} : { parentId: wanted.parent.teamId }),
    ...(wanted.ownOnly ? { ownOnly: true } : {}),
  };
  const teams = await store.listTeams(database.query, filter, page);
  return {
    teams: teams.map((team) => withOrganization(team, organization)),
    total: await store.countTeams(database.query, filter),
  };
}

interface TeamWanted {
  name: string;
  description: string;
  privacy: store.TeamPrivacy;
  parentId: number | null;
}

/** Makes a team. @throws ForgeError `invalid` with the field at fault */
export async function createTeam(
  database: Database,
  actor: UserActor,
  origin: Origin,
  organization: Organization,
  wanted: TeamWanted,
): Promise<Team> {
  requirePermission(actor, "organization.create-team", organization);
  const { organizationId } = organization;
  const slug = toSlug(wanted.name);
  await database.transaction(async (transaction) => {
    if (!(await lockOrganization(transaction, organizationId))) throw notFound();
    const everything = { organizationId, userId: actor.userId, seesSecret: true };
    if ((await store.countTeams(transaction, everything)) >= TEAMS_PER_ORGANIZATION_MAX) {
      throw invalid("name", `An organisation has at most ${TEAMS_PER_ORGANIZATION_MAX} teams.`);
    }
    if (wanted.parentId !== null) await checkParent(transaction, organizationId, wanted.parentId, 1);
    checkSecrecy(wanted.privacy, wanted.parentId !== null);
    const teamId = await store.insertTeam(transaction, { organizationId, slug, ...wanted });
    if (teamId === undefined) throw invalid("name", "There is a team of that name.");
    await recordAudit(transaction, actor, origin, {
      ...describe("team.create", { organizationId, teamId, slug }),
      details: { ...wanted },
    });
  });
  return requireTeam(database, actor, organization, slug, "team.read");
}

/** Changes a team; what is absent stays. @throws ForgeError `invalid` with the field at fault */
export async function changeTeam(
  database: Database,
  actor: UserActor,
  origin: Origin,
  organization: Organization,
  team: Team,
  changes: { [Key in keyof TeamWanted]?: TeamWanted[Key] | undefined },
): Promise<Team> {
  const isMore =
    changes.name !== undefined || changes.privacy !== undefined || changes.parentId !== undefined;
  requirePermission(actor, isMore ? "team.administer" : "team.maintain", team);
  const { organizationId } = organization;
  const slug = changes.name === undefined ? team.slug : toSlug(changes.name);
  await database.transaction(async (transaction) => {
    if (!(await lockOrganization(transaction, organizationId))) throw notFound();
    const now = await store.findTeamById(transaction, organizationId, team.teamId, actor.userId);
    if (!now) throw notFound();
    if (slug !== now.slug && (await store.isSlugTaken(transaction, organizationId, slug, team.teamId))) {
      throw invalid("name", "There is a team of that name.");
    }
    const parentId = changes.parentId === undefined ? now.parentId : changes.parentId;
    const levels = await store.countLevels(transaction, team.teamId);
    if (parentId !== null && parentId !== now.parentId) {
      await checkParent(transaction, organizationId, parentId, levels, team.teamId);
    }
    checkSecrecy(changes.privacy ?? now.privacy, parentId !== null || levels > 1);
    await store.updateTeam(transaction, team.teamId, { ...changes, slug });
    if (parentId !== now.parentId) await endCachedAccess(transaction, { ownerId: organizationId });
    await recordAudit(transaction, actor, origin, {
      ...describe("team.change", { organizationId, teamId: team.teamId, slug }),
      details: { ...changes },
    });
  });
  return requireTeam(database, actor, organization, slug, "team.read");
}

/** Ends a team; those within it stay, without what they had through it. */
export async function deleteTeam(
  database: Database,
  actor: UserActor,
  origin: Origin,
  { organizationId }: Organization,
  team: Team,
): Promise<void> {
  requirePermission(actor, "team.administer", team);
  await database.transaction(async (transaction) => {
    if (!(await lockOrganization(transaction, organizationId))) throw notFound();
    await store.deleteTeam(transaction, team.teamId);
    await endCachedAccess(transaction, { ownerId: organizationId });
    await recordAudit(transaction, actor, origin, describe("team.delete", team));
  });
}

async function checkParent(
  transaction: Executor,
  organizationId: number,
  parentId: number,
  levels: number,
  teamId?: number,
): Promise<void> {
  const parent = await store.findTeamById(transaction, organizationId, parentId, 0);
  if (!parent) throw invalid("parent_team_id", "There is no such team.");
  if (parent.privacy === "secret") throw invalid("parent_team_id", "A secret team has no teams within it.");
  const lineage = await store.listLineage(transaction, parentId);
  if (teamId !== undefined && lineage.includes(teamId)) {
    throw invalid("parent_team_id", "A team can't lie within itself.");
  }
  if (lineage.length + levels > TEAM_LEVELS_MAX) {
    throw invalid("parent_team_id", `Teams lie within each other ${TEAM_LEVELS_MAX} deep at most.`);
  }
}

function checkSecrecy(privacy: store.TeamPrivacy, isNested: boolean): void {
  if (privacy === "secret" && isNested) {
    throw invalid("privacy", "A team within another, or with teams within it, can't be secret.");
  }
}

/** What a team is called in addresses. @throws ForgeError `invalid` when nothing is left of the name. */
function toSlug(name: string): string {
  const slug = name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  if (slug === "" || slug.length > 100 || name.length > 100) {
    throw invalid("name", "A team's name has letters or digits, and at most 100 characters.");
  }
  return slug === "new" ? "new-team" : slug;
}

function invalid(field: string, message: string): ForgeError {
  return new ForgeError("invalid", message, {
    fields: [{ resource: "Team", field, code: "invalid", message }],
  });
}

function describe(action: string, team: { organizationId: number; teamId: number; slug: string }) {
  return {
    ...{ action, ownerId: team.organizationId },
    target: { kind: "team", id: team.teamId, name: team.slug },
  };
}
