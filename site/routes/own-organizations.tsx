// What somebody belongs to and is invited to, and the form that makes an organisation.
import { type Context, Hono } from "hono";
import { requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { ForgeError, notFound } from "../../workers/core/errors.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import { readPage } from "../../workers/core/paging.ts";
import { answerInvitation, listOwnInvitations } from "../../workers/orgs/invitations.ts";
import { judgeOrganizationCreation, requireOrganizationCreation } from "../../workers/orgs/may-create.ts";
import { listOwnMemberships, removeMember, showMembership } from "../../workers/orgs/members.ts";
import { createOrganization, requireOrganization } from "../../workers/orgs/organizations.ts";
import { answerRepositoryInvitation, listOwnRepositoryInvitations } from "../../workers/repos/invitations.ts";
import {
  newOrganizationPath,
  organizationPath,
  ownOrganizationsPath,
} from "../components/organization-paths.ts";
import { lookUpNotice } from "../components/settings-layout.tsx";
import { expectRefusal } from "../expect-refusal.ts";
import { makeFrame } from "../make-frame.ts";
import { NewOrganizationPage, type NewOrganizationPageProps } from "../pages/new-organization-page.tsx";
import { OrganizationsPage } from "../pages/organizations-page.tsx";
import { describePaging } from "../paging.ts";
import { readIdParam } from "../read-id-param.ts";
import { readTextFields } from "../read-text-field.ts";

const NOTICES = {
  accept: "You have accepted.",
  decline: "You have declined.",
  show: "Everybody sees that you belong to it.",
  hide: "Its members alone see that you belong to it.",
  leave: "You have left.",
};

export const ownOrganizationRoutes = new Hono<AppEnv>()
  .get(ownOrganizationsPath, (context) => answerPage(context))
  .post(ownOrganizationsPath, async (context) => {
    const field = await readTextFields(context);
    const act = field("act");
    if (!Object.hasOwn(NOTICES, act)) throw notFound();
    const problem = await expectRefusal(() => perform(context, act, field));
    if (problem !== undefined) return answerPage(context, problem);
    return context.redirect(`${ownOrganizationsPath}?done=${act}`, 303);
  })
  .get(newOrganizationPath, async (context) => {
    await requireOrganizationCreation(context.get("database").query, requireUser(context.get("actor")));
    return answerForm(context, { login: "", name: "", description: "" }, {});
  })
  .post(newOrganizationPath, async (context) => {
    const actor = requireUser(context.get("actor"));
    const field = await readTextFields(context);
    const values = {
      login: field("login").trim(),
      name: field("name").trim().slice(0, 100),
      description: field("description").trim().slice(0, 300),
    };
    try {
      const made = await createOrganization(context.get("database"), actor, readOrigin(context), {
        ...{ name: values.login, displayName: values.name, description: values.description },
      });
      return context.redirect(organizationPath(made.name, "people"), 303);
    } catch (error) {
      if (!(error instanceof ForgeError) || error.code !== "invalid") throw error;
      return answerForm(context, values, { login: error.message });
    }
  });

async function perform(
  context: Context<AppEnv>,
  act: string,
  field: (name: string) => string,
): Promise<void> {
  const database = context.get("database");
  const actor = requireUser(context.get("actor"));
  const origin = readOrigin(context);
  if (act === "accept" || act === "decline") {
    const id = readIdParam(field("id"));
    if (field("kind") === "repository") await answerRepositoryInvitation(database, actor, origin, id, act);
    else await answerInvitation(database, actor, origin, id, act);
    return;
  }
  const organization = await requireOrganization(database, actor, field("name"), "organization.read");
  if (act === "leave") {
    const removal = { username: actor.username, withCollaborations: false };
    await removeMember(database, actor, origin, organization, removal);
  } else await showMembership(database, actor, origin, organization, act === "show");
}

async function answerPage(context: Context<AppEnv>, problem?: string) {
  const database = context.get("database");
  const actor = requireUser(context.get("actor"));
  const page = readPage(context.req.query());
  const { organizations, total } = await listOwnMemberships(database, actor, page);
  const toOrganizations = await listOwnInvitations(database, actor, readPage({ per_page: "100" }));
  const toRepositories = await listOwnRepositoryInvitations(database, actor, readPage({ per_page: "100" }));
  const invitations = [...toOrganizations.invitations, ...toRepositories.invitations];
  return context.html(
    <OrganizationsPage
      frame={makeFrame(context)}
      notice={lookUpNotice(NOTICES, context.req.query("done"))}
      problem={problem}
      organizations={organizations}
      invitations={invitations.map(({ id, owner, name, role, inviter, expiresAt }) => ({
        ...{ id, role, inviter, expiresAt },
        kind: name === null ? ("organization" as const) : ("repository" as const),
        to: name === null ? owner : `${owner}/${name}`,
      }))}
      paging={describePaging(context, page, total)}
      mayCreate={(await judgeOrganizationCreation(database.query, actor)) === "allowed"}
    />,
    problem === undefined ? 200 : 422,
  );
}

function answerForm(
  context: Context<AppEnv>,
  values: NewOrganizationPageProps["values"],
  errors: NewOrganizationPageProps["errors"],
) {
  const page = <NewOrganizationPage frame={makeFrame(context)} values={values} errors={errors} />;
  return context.html(page, errors.login === undefined ? 200 : 422);
}
