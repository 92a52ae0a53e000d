// The page of a mailed invitation: taken or declined by who has its address, or by who registers with it.
import { type Context, Hono } from "hono";
import { isAddressKnown } from "../../workers/accounts/claim-address.ts";
import { setSessionCookie } from "../../workers/auth/middleware.ts";
import { requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import { answerInvitation } from "../../workers/orgs/invitations.ts";
import { describeInvitationLink, isInvitationOf } from "../../workers/repos/invitation-mail.ts";
import { answerRepositoryInvitation, type Invitation } from "../../workers/repos/invitations.ts";
import { registerByInvitation } from "../../workers/sign-in/register-by-invitation.ts";
import { mayRegister } from "../../workers/site-settings/may-register.ts";
import { ownerPath, ownOrganizationsPath } from "../components/organization-paths.ts";
import { repositoryPath } from "../components/paths.ts";
import { hideLink } from "../hide-link.ts";
import { makeFrame } from "../make-frame.ts";
import { makeServices } from "../make-services.ts";
import { InvitationPage } from "../pages/invitation-page.tsx";
import { MailedLinkPage } from "../pages/mailed-link-page.tsx";
import { readTextFields } from "../read-text-field.ts";

type Errors = Parameters<typeof InvitationPage>[0]["errors"];

export const invitationLinkRoutes = new Hono<AppEnv>()
  .get("/invitations/:secret", (context) => answerPage(context, {}))
  .post("/invitations/:secret", async (context) => {
    hideLink(context);
    const act = (await readTextFields(context))("act");
    if (act !== "accept" && act !== "decline") throw notFound();
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const link = await describeInvitationLink(database, context.req.param("secret"));
    if (link.state !== "open") return answerGone(context, link.state);
    const { invitation } = link;
    // A link alone takes nothing: whoever it was forwarded to has another address.
    if (!(await isInvitationOf(database, actor.userId, invitation.id))) return answerPage(context, {}, 403);
    const answer = invitation.repositoryId === null ? answerInvitation : answerRepositoryInvitation;
    await answer(database, actor, readOrigin(context), invitation.id, act);
    return context.redirect(
      act === "accept" ? pathOf(invitation) : `${ownOrganizationsPath}?done=decline`,
      303,
    );
  })
  .post("/invitations/:secret/register", async (context) => {
    hideLink(context);
    const secret = context.req.param("secret");
    const field = await readTextFields(context);
    const username = field("username").trim();
    const link = await describeInvitationLink(context.get("database"), secret);
    const end = await registerByInvitation(makeServices(context), secret, {
      ...{ username, password: field("password") },
    });
    if (link.state !== "open") return answerGone(context, link.state);
    if (end.end === "gone") return answerGone(context, "ended");
    if (end.end === "wrong") return answerPage(context, { username, errors: end.errors }, 422);
    await setSessionCookie(context, end.session);
    return context.redirect(pathOf(link.invitation), 303);
  });

const pathOf = ({ owner, name }: Invitation): string =>
  name === null ? ownerPath(owner) : repositoryPath({ owner, name });

async function answerPage(
  context: Context<AppEnv>,
  typed: { username?: string; errors?: Errors },
  status: 200 | 403 | 422 = 200,
): Promise<Response> {
  hideLink(context);
  const database = context.get("database");
  const actor = context.get("actor");
  const secret = context.req.param("secret") ?? "";
  const link = await describeInvitationLink(database, secret);
  if (link.state !== "open") return answerGone(context, link.state);
  const { invitation, email } = link;
  const viewerId = actor.kind === "user" ? actor.userId : null;
  const isTheirs = viewerId !== null && (await isInvitationOf(database, viewerId, invitation.id));
  const isKnown = viewerId === null && (await isAddressKnown(database.query, email));
  const verdict = await mayRegister(database.query, { invited: true, email });
  return context.html(
    <InvitationPage
      frame={makeFrame(context)}
      path={`/invitations/${encodeURIComponent(secret)}`}
      email={email}
      to={invitation.name === null ? invitation.owner : `${invitation.owner}/${invitation.name}`}
      kind={invitation.repositoryId === null ? "organisation" : "repository"}
      {...{ inviter: invitation.inviter, role: invitation.role, expiresAt: invitation.expiresAt }}
      {...{ isTheirs, isKnown, closed: verdict.may ? undefined : verdict.problem }}
      username={typed.username ?? ""}
      errors={typed.errors ?? {}}
    />,
    status,
  );
}

const GONE = {
  ended: "This invitation was accepted, declined or withdrawn.",
  expired: "This invitation has expired. Ask whoever invited you for another.",
  unknown: "This is not a link that leads anywhere: of several mails, only the newest one's does.",
} as const;

function answerGone(context: Context<AppEnv>, why: keyof typeof GONE): Response | Promise<Response> {
  hideLink(context);
  return context.html(
    <MailedLinkPage
      {...{ frame: makeFrame(context), title: "No invitation", sentence: GONE[why], form: null }}
      next={{ href: ownOrganizationsPath, label: "Your invitations and organisations" }}
      isProblem
    />,
    410,
  );
}
