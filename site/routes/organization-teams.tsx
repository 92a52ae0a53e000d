// An organisation's teams, and one team with what may be done to it.
import { type Context, Hono } from "hono";
import { can } from "../../workers/auth/permissions.ts";
import { requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import { readPage } from "../../workers/core/paging.ts";
import { type Organization, requireOrganization } from "../../workers/orgs/organizations.ts";
import {
  listTeamMembers,
  listTeamRepositories,
  removeTeamMember,
  removeTeamRepository,
  setTeamMember,
  setTeamRepository,
} from "../../workers/orgs/team-members.ts";
import {
  changeTeam,
  createTeam,
  deleteTeam,
  listTeams,
  requireTeam,
  type Team,
} from "../../workers/orgs/teams.ts";
import { requirePerson } from "../../workers/repos/collaborators.ts";
import { toRepositoryRole } from "../../workers/repos/invitations.ts";
import { requireRepository } from "../../workers/repos/service.ts";
import { organizationPath, teamPath } from "../components/organization-paths.ts";
import { lookUpNotice } from "../components/settings-layout.tsx";
import { expectRefusal } from "../expect-refusal.ts";
import { makeFrame } from "../make-frame.ts";
import { OrganizationTeamsPage, type TeamView } from "../pages/organization-teams-page.tsx";
import { TeamPage } from "../pages/team-page.tsx";
import { describePaging } from "../paging.ts";
import { readIdParam } from "../read-id-param.ts";
import { readTextFields } from "../read-text-field.ts";
import { viewOrganization } from "../view-organization.ts";

const NOTICES = {
  role: "They are in the team.",
  remove: "They are out of the team.",
  lend: "The team has the repository.",
  "take-back": "The team hasn't got the repository any more.",
  change: "Saved.",
  delete: "The team has ended.",
};

type Field = (name: string) => string;
const EVERYTHING = readPage({ per_page: "100" });

export const organizationTeamRoutes = new Hono<AppEnv>()
  .get("/orgs/:org/teams", async (context) => {
    const { organization } = await findOrganization(context, context.req.param("org"));
    return answerTeams(context, organization, { name: "", description: "", error: undefined });
  })
  .post("/orgs/:org/teams", async (context) => {
    const { actor, organization } = await findOrganization(context, context.req.param("org"));
    const field = await readTextFields(context);
    const values = { name: field("name").trim(), description: field("description").trim().slice(0, 300) };
    const error = await expectRefusal(() =>
      createTeam(context.get("database"), actor, readOrigin(context), organization, {
        ...values,
        privacy: field("privacy") === "secret" ? "secret" : "closed",
        parentId: field("parent") === "" ? null : readIdParam(field("parent")),
      }),
    );
    if (error !== undefined) return answerTeams(context, organization, { ...values, error });
    return context.redirect(organizationPath(organization.name, "teams"), 303);
  })
  .get("/orgs/:org/teams/:team", async (context) => {
    const { org, team } = context.req.param();
    return answerTeam(context, await findTeam(context, org, team));
  })
  .post("/orgs/:org/teams/:team", async (context) => {
    const { org, team: slug } = context.req.param();
    const found = await findTeam(context, org, slug);
    const field = await readTextFields(context);
    const act = field("act");
    if (!Object.hasOwn(NOTICES, act)) throw notFound();
    let path = teamPath(found.organization.name, found.team.slug);
    const problem = await expectRefusal(async () => {
      path = await perform(context, found, act, field);
    });
    if (problem !== undefined) return answerTeam(context, found, problem);
    return context.redirect(`${path}?done=${act}`, 303);
  });

interface Found {
  organization: Organization;
  team: Team;
}

/** @returns where to go afterwards */
async function perform(context: Context<AppEnv>, { organization, team }: Found, act: string, field: Field) {
  const database = context.get("database");
  const actor = requireUser(context.get("actor"));
  const origin = readOrigin(context);
  const path = teamPath(organization.name, team.slug);
  if (act === "role" || act === "remove") {
    const person = await requirePerson(database, field("username").trim());
    const role = field("role") === "maintainer" ? "maintainer" : "member";
    if (act === "role") await setTeamMember(database, actor, origin, team, { ...person, role });
    else await removeTeamMember(database, actor, origin, team, person);
    return path;
  }
  if (act === "lend" || act === "take-back") {
    const { name } = organization;
    const asked = field("repository").trim();
    const repository = await requireRepository(database, actor, name, asked, "repository.read");
    if (act === "take-back") await removeTeamRepository(database, actor, origin, team, repository);
    else {
      const role = toRepositoryRole(field("role"));
      await setTeamRepository(database, actor, origin, team, { repository, role });
    }
    return path;
  }
  if (act === "delete") {
    await deleteTeam(database, actor, origin, organization, team);
    return organizationPath(organization.name, "teams");
  }
  const name = field("name").trim();
  const changed = await changeTeam(database, actor, origin, organization, team, {
    description: field("description").trim().slice(0, 300),
    ...(name === "" || name === team.name ? {} : { name }),
  });
  return teamPath(organization.name, changed.slug);
}

async function findOrganization(context: Context<AppEnv>, name: string) {
  const actor = requireUser(context.get("actor"));
  const database = context.get("database");
  const organization = await requireOrganization(database, actor, name, "organization.see-members");
  return { actor, organization };
}

async function findTeam(context: Context<AppEnv>, name: string, slug: string): Promise<Found> {
  const { actor, organization } = await findOrganization(context, name);
  const team = await requireTeam(context.get("database"), actor, organization, slug, "team.read");
  return { organization, team };
}

const viewTeam = (team: Team): TeamView => ({
  ...{ id: team.teamId, slug: team.slug, name: team.name, description: team.description },
  ...{ privacy: team.privacy, parentSlug: team.parentSlug },
  ...{ members: team.memberCount, repositories: team.repositoryCount },
});

async function answerTeams(
  context: Context<AppEnv>,
  organization: Organization,
  form: { name: string; description: string; error: string | undefined },
) {
  const actor = requireUser(context.get("actor"));
  const page = readPage({ ...context.req.query(), per_page: "100" });
  const { teams, total } = await listTeams(context.get("database"), actor, organization, {}, page);
  return context.html(
    <OrganizationTeamsPage
      frame={makeFrame(context)}
      organization={viewOrganization(organization, actor)}
      notice={lookUpNotice(NOTICES, context.req.query("done"))}
      teams={teams.map(viewTeam)}
      paging={describePaging(context, page, total)}
      form={form}
    />,
    form.error === undefined ? 200 : 422,
  );
}

async function answerTeam(context: Context<AppEnv>, { organization, team }: Found, problem?: string) {
  const database = context.get("database");
  const actor = requireUser(context.get("actor"));
  const page = readPage(context.req.query());
  const people = await listTeamMembers(database, actor, team, {}, page);
  const lent = await listTeamRepositories(database, actor, team, page);
  const within = await listTeams(database, actor, organization, { parent: team }, EVERYTHING);
  return context.html(
    <TeamPage
      frame={makeFrame(context)}
      organization={viewOrganization(organization, actor)}
      team={viewTeam(team)}
      notice={lookUpNotice(NOTICES, context.req.query("done"))}
      problem={problem}
      canMaintain={can(actor, "team.maintain", team) === "allowed"}
      canAdminister={can(actor, "team.administer", team) === "allowed"}
      members={people.members}
      repositories={lent.repositories.map(({ repository, role, isInherited }) => ({
        ...{ owner: repository.owner, name: repository.name, role, isInherited },
        canAdminister: can(actor, "repository.administer", repository) === "allowed",
      }))}
      children={within.teams}
      paging={describePaging(context, page, Math.max(people.total, lent.total))}
    />,
    problem === undefined ? 200 : 422,
  );
}
