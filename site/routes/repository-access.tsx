// Who may do what to one repository, set by those who administer it.
import { type Context, Hono } from "hono";
import { requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import { sendSoon } from "../../workers/core/outbox.ts";
import { readPage } from "../../workers/core/paging.ts";
import {
  listCollaborators,
  listRepositoryTeams,
  removeCollaborator,
  setCollaborator,
} from "../../workers/repos/collaborators.ts";
import {
  inviteAddressToRepository,
  listRepositoryInvitations,
  resendRepositoryInvitation,
  toRepositoryRole,
  withdrawRepositoryInvitation,
} from "../../workers/repos/invitations.ts";
import { type Repository, requireRepository } from "../../workers/repos/service.ts";
import { settingsPath } from "../components/paths.ts";
import { lookUpNotice } from "../components/settings-layout.tsx";
import { expectRefusal } from "../expect-refusal.ts";
import { makeFrame } from "../make-frame.ts";
import { makeServices } from "../make-services.ts";
import { RepositoryAccessPage } from "../pages/repository-access-page.tsx";
import { describePaging } from "../paging.ts";
import { readIdParam } from "../read-id-param.ts";
import { readTextFields } from "../read-text-field.ts";

const NOTICES = {
  role: "They are in, or invited.",
  remove: "They are out.",
  withdraw: "The invitation is withdrawn.",
  resend: "It is mailed again. The link of the mail before leads nowhere any more.",
};
const EVERYTHING = readPage({ per_page: "100" });

export const repositoryAccessRoutes = new Hono<AppEnv>()
  .get("/:owner/:repo/settings/access", async (context) => {
    const { owner, repo } = context.req.param();
    return answerPage(context, await findRepository(context, owner, repo), {});
  })
  .post("/:owner/:repo/settings/access", async (context) => {
    const { owner, repo } = context.req.param();
    const repository = await findRepository(context, owner, repo);
    const field = await readTextFields(context);
    const act = field("act");
    if (!Object.hasOwn(NOTICES, act)) throw notFound();
    const problem = await expectRefusal(() => perform(context, repository, act, field));
    if (problem === undefined) {
      sendSoon(context);
      return context.redirect(`${settingsPath(repository, "access")}?done=${act}`, 303);
    }
    const invite = { username: field("username"), error: problem };
    return answerPage(context, repository, act === "role" ? { invite } : { problem });
  });

async function findRepository(context: Context<AppEnv>, owner: string, name: string): Promise<Repository> {
  const actor = requireUser(context.get("actor"));
  return requireRepository(context.get("database"), actor, owner, name, "repository.administer");
}

async function perform(
  context: Context<AppEnv>,
  repository: Repository,
  act: string,
  field: (name: string) => string,
): Promise<unknown> {
  const database = context.get("database");
  const actor = requireUser(context.get("actor"));
  const origin = readOrigin(context);
  const username = field("username").trim();
  if (act === "withdraw") {
    return withdrawRepositoryInvitation(database, actor, origin, repository, readIdParam(field("id")));
  }
  if (act === "resend") {
    const services = { ...makeServices(context), actor };
    return resendRepositoryInvitation(services, repository, readIdParam(field("id")));
  }
  if (act === "remove") return removeCollaborator(database, actor, origin, repository, username);
  const role = toRepositoryRole(field("role"));
  const services = { ...makeServices(context), actor };
  if (username.includes("@"))
    return inviteAddressToRepository(services, repository, { email: username, role });
  return setCollaborator(services, repository, { username, role });
}

interface Answer {
  problem?: string;
  invite?: { username: string; error: string };
}

async function answerPage(context: Context<AppEnv>, repository: Repository, answer: Answer) {
  const database = context.get("database");
  const actor = requireUser(context.get("actor"));
  const page = readPage(context.req.query());
  const direct = await listCollaborators(database, actor, repository, { affiliation: "direct" }, page);
  const all = await listCollaborators(database, actor, repository, { affiliation: "all" }, page);
  const teams = await listRepositoryTeams(database, actor, repository);
  const { invitations } = await listRepositoryInvitations(database, actor, repository, EVERYTHING);
  return context.html(
    <RepositoryAccessPage
      frame={makeFrame(context)}
      repository={repository}
      notice={lookUpNotice(NOTICES, context.req.query("done")) ?? undefined}
      problem={answer.problem}
      invite={answer.invite ?? { username: "", error: undefined }}
      collaborators={direct.people}
      teams={teams}
      invitations={invitations.map(({ id, invitee, email, role, expiresAt }) => ({
        ...{ id, invitee: invitee ?? email ?? "", isMailed: email !== null, role, expiresAt },
      }))}
      people={all.people}
      paging={describePaging(context, page, all.total)}
    />,
    answer.problem === undefined && answer.invite === undefined ? 200 : 422,
  );
}
