// Who belongs to an organisation, and what its owners do about it.
import { type Context, Hono } from "hono";
import { requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import { sendSoon } from "../../workers/core/outbox.ts";
import { readPage } from "../../workers/core/paging.ts";
import {
  inviteAddress,
  inviteMember,
  listInvitations,
  resendInvitation,
  toOrganizationRole,
  withdrawInvitation,
} from "../../workers/orgs/invitations.ts";
import {
  listMembers,
  listOutsideCollaborators,
  removeMember,
  removeOutsideCollaborator,
  setMemberRole,
} from "../../workers/orgs/members.ts";
import { type Organization, requireOrganization } from "../../workers/orgs/organizations.ts";
import { listTeams } from "../../workers/orgs/teams.ts";
import { requirePerson } from "../../workers/repos/collaborators.ts";
import { organizationPath } from "../components/organization-paths.ts";
import { lookUpNotice } from "../components/settings-layout.tsx";
import { expectRefusal } from "../expect-refusal.ts";
import { makeFrame } from "../make-frame.ts";
import { makeServices } from "../make-services.ts";
import { OrganizationPeoplePage } from "../pages/organization-people-page.tsx";
import { describePaging } from "../paging.ts";
import { readIdParam } from "../read-id-param.ts";
import { readTextFields } from "../read-text-field.ts";
import { viewOrganization } from "../view-organization.ts";

const NOTICES = {
  invite: "They are invited, and find it under their settings.",
  mail: "The invitation is mailed.",
  role: "The role is changed.",
  remove: "They don't belong to it any more.",
  withdraw: "The invitation is withdrawn.",
  resend: "It is mailed again. The link of the mail before leads nowhere any more.",
  "remove-outside": "They have no access any more.",
};

type Field = (name: string) => string;
const EVERYTHING = readPage({ per_page: "100" });

export const organizationPeopleRoutes = new Hono<AppEnv>()
  .get("/orgs/:org/people", async (context) => {
    const { org } = context.req.param();
    const organization = await requireOrganization(
      context.get("database"),
      context.get("actor"),
      org,
      "organization.read",
    );
    return answerPage(context, organization, {});
  })
  .post("/orgs/:org/people", async (context) => {
    const { org } = context.req.param();
    const actor = requireUser(context.get("actor"));
    const database = context.get("database");
    const organization = await requireOrganization(database, actor, org, "organization.administer");
    const field = await readTextFields(context);
    const act = field("act");
    if (!Object.hasOwn(NOTICES, act)) throw notFound();
    const isMail = act === "invite" && field("username").includes("@");
    const problem = await expectRefusal(() => perform(context, organization, isMail ? "mail" : act, field));
    if (problem === undefined) {
      if (act === "invite" || act === "resend") sendSoon(context);
      const done = isMail ? "mail" : act;
      return context.redirect(`${organizationPath(organization.name, "people")}?done=${done}`, 303);
    }
    const isField = act === "invite";
    return answerPage(
      context,
      organization,
      isField ? { invite: { username: field("username"), error: problem } } : { problem },
    );
  });

async function perform(context: Context<AppEnv>, organization: Organization, act: string, field: Field) {
  const database = context.get("database");
  const actor = requireUser(context.get("actor"));
  const origin = readOrigin(context);
  const username = field("username").trim();
  if (act === "withdraw") {
    return withdrawInvitation(database, actor, origin, organization, readIdParam(field("id")));
  }
  if (act === "resend") {
    const services = { ...makeServices(context), actor };
    return resendInvitation(services, organization, readIdParam(field("id")));
  }
  if (act === "remove-outside") {
    const person = await requirePerson(database, username);
    return removeOutsideCollaborator(database, actor, origin, organization, person);
  }
  if (act === "remove") {
    return removeMember(database, actor, origin, organization, { username, withCollaborations: false });
  }
  const role = toOrganizationRole(field("role"));
  if (act === "role") return setMemberRole(database, actor, origin, organization, { username, role });
  const services = { ...makeServices(context), actor };
  const teamIds = field("team") === "" ? [] : [readIdParam(field("team"))];
  if (act === "mail") return inviteAddress(services, organization, { email: username, role, teamIds });
  return inviteMember(services, organization, { username, role, teamIds });
}

interface Answer {
  problem?: string;
  invite?: { username: string; error: string };
}

async function answerPage(context: Context<AppEnv>, organization: Organization, answer: Answer) {
  const database = context.get("database");
  const actor = context.get("actor");
  const page = readPage(context.req.query());
  const { members, total } = await listMembers(database, actor, organization, { withBilling: true }, page);
  const view = viewOrganization(organization, actor);
  const access = view.isOwner ? await readAccess(context, organization) : NO_ACCESS;
  return context.html(
    <OrganizationPeoplePage
      frame={makeFrame(context)}
      organization={view}
      notice={lookUpNotice(NOTICES, context.req.query("done"))}
      problem={answer.problem}
      invite={answer.invite ?? { username: "", error: undefined }}
      members={members}
      paging={describePaging(context, page, total)}
      {...access}
    />,
    answer.problem === undefined && answer.invite === undefined ? 200 : 422,
  );
}

const NO_ACCESS = { teams: [], invitations: [], outside: [] };

async function readAccess(context: Context<AppEnv>, organization: Organization) {
  const database = context.get("database");
  const actor = requireUser(context.get("actor"));
  const { teams } = await listTeams(database, actor, organization, {}, EVERYTHING);
  const { invitations } = await listInvitations(database, actor, organization, EVERYTHING);
  const { people } = await listOutsideCollaborators(database, actor, organization, EVERYTHING);
  return {
    teams: teams.map((team) => ({ id: team.teamId, slug: team.slug })),
    invitations: invitations.map(({ id, invitee, email, role, expiresAt }) => ({
      ...{ id, invitee: invitee ?? email ?? "", isMailed: email !== null, role, expiresAt },
    })),
    outside: people,
  };
}
