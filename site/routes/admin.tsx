// Administration of the site: people, mail and queues. For everybody else there is nothing here.
import { type Context, Hono } from "hono";
import * as acts from "../../workers/admin/act-on-person.ts";
import { dropDeadLetter, resendDeadLetter } from "../../workers/admin/dead-letters.ts";
import { listPeople, type PeopleFilter, requirePersonAsAdmin } from "../../workers/admin/people.ts";
import { describeQueues } from "../../workers/admin/queues.ts";
import { requireSiteAdmin } from "../../workers/admin/require-admin.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { sendSoon } from "../../workers/core/outbox.ts";
import { readPage } from "../../workers/core/paging.ts";
import { dropMail, listMailsAsAdmin, retryMail } from "../../workers/mail/administration.ts";
import { canMail, readMailRoute } from "../../workers/mail/can-mail.ts";
import { adminPath, adminSectionPath, personAdminPath } from "../components/admin-layout.tsx";
import { lookUpNotice } from "../components/settings-layout.tsx";
import { confirmFirst } from "../confirm-first.ts";
import { makeAuditList } from "../make-audit-list.ts";
import { makeFrame } from "../make-frame.ts";
import { makeServices } from "../make-services.ts";
import { AdminMailPage } from "../pages/admin-mail-page.tsx";
import { AdminPeoplePage } from "../pages/admin-people-page.tsx";
import { AdminPersonPage } from "../pages/admin-person-page.tsx";
import { AdminQueuesPage } from "../pages/admin-queues-page.tsx";
import { describePaging } from "../paging.ts";
import { readIdParam } from "../read-id-param.ts";
import { readTextFields } from "../read-text-field.ts";

const [mailPath, queuesPath] = [adminSectionPath("mail"), adminSectionPath("queues")];
const NOTICES = {
  suspend: "The account is shut out.",
  restore: "The account is let in again.",
  "make-admin": "They are an admin of this site now.",
  "end-admin": "They aren't an admin any more.",
  reset: "A link is on its way to their address.",
  "end-sessions": "They are signed out everywhere.",
  "revoke-tokens": "Their API tokens have ended.",
  retry: "The mail is tried again now.",
  "drop-mail": "The mail is dropped.",
  resend: "The message is in its queue again.",
  "drop-letter": "The message is dropped.",
};

export const adminRoutes = new Hono<AppEnv>()
  .get(adminPath, async (context) => {
    const page = readPage(context.req.query());
    const search = context.req.query("search") ?? "";
    const filter = readFilter(context.req.query("filter"));
    const { database, actor, env } = makeServices(context);
    const { people, total } = await listPeople(database, actor, { search, filter }, page);
    const paging = describePaging(context, page, total);
    context.header("Cache-Control", "no-store");
    const props = { frame: makeFrame(context), people, search, filter, total, paging };
    return context.html(<AdminPeoplePage {...props} canMail={await canMail(env)} />);
  })
  .get(`${adminPath}/people/:name`, (context) => answerPerson(context, context.req.param("name"), {}))
  .post(
    `${adminPath}/people/:name/:act{suspend|restore|make-admin|end-admin|reset|end-sessions|revoke-tokens}`,
    actOnPerson,
  )
  .get(mailPath, answerMail)
  .post(`${mailPath}/:id/:act{retry|drop}`, async (context) => {
    const services = makeServices(context);
    requireSiteAdmin(services.actor);
    const id = readIdParam(context.req.param("id"));
    if (context.req.param("act") === "drop") {
      await dropMail(services, id);
      return context.redirect(`${mailPath}?show=failed&done=drop-mail`, 303);
    }
    await retryMail(services, id);
    sendSoon(context);
    return context.redirect(`${mailPath}?done=retry`, 303);
  })
  .get(queuesPath, (context) => answerQueues(context))
  .post(`${queuesPath}/dead-letters/:id/:act{resend|drop}`, async (context) => {
    const services = makeServices(context);
    requireSiteAdmin(services.actor);
    const id = readIdParam(context.req.param("id"));
    if (context.req.param("act") === "drop") {
      await dropDeadLetter(services, id);
      return context.redirect(`${queuesPath}?done=drop-letter`, 303);
    }
    const end = await resendDeadLetter(services, id);
    if (end.end === "refused") return answerQueues(context, end.problem);
    sendSoon(context);
    return context.redirect(`${queuesPath}?done=resend`, 303);
  });

const readFilter = (given: string | undefined): PeopleFilter =>
  given === "suspended" || given === "admins" ? given : "all";

async function actOnPerson(context: Context<AppEnv>): Promise<Response> {
  const services = makeServices(context);
  requireSiteAdmin(services.actor);
  const [name, act] = [context.req.param("name") ?? "", context.req.param("act") ?? ""];
  const first = await confirmFirst(context, personAdminPath(name));
  if (first) return first;
  const reason = (await readTextFields(context))("reason");
  const end = await perform(services, act, name, reason);
  if (end.end === "refused") return answerPerson(context, name, { act, reason, problem: end.problem });
  if (act === "reset") sendSoon(context);
  return context.redirect(`${personAdminPath(name)}?done=${act}`, 303);
}

function perform(
  services: Parameters<typeof acts.sendResetLink>[0],
  act: string,
  name: string,
  reason: string,
) {
  if (act === "suspend") return acts.suspendPerson(services, name, reason);
  if (act === "restore") return acts.restorePerson(services, name, reason);
  if (act === "make-admin") return acts.setAdminAsAdmin(services, name, true);
  if (act === "end-admin") return acts.setAdminAsAdmin(services, name, false);
  if (act === "reset") return acts.sendResetLink(services, name);
  if (act === "end-sessions") return acts.endSessionsAsAdmin(services, name);
  return acts.revokeTokensAsAdmin(services, name);
}

async function answerPerson(
  context: Context<AppEnv>,
  name: string,
  refused: { act?: string; reason?: string; problem?: string },
): Promise<Response> {
  const { database, actor, env } = makeServices(context);
  const person = await requirePersonAsAdmin(database, actor, name);
  const path = personAdminPath(person.username);
  const subject = { kind: "person", userId: person.id } as const;
  const { problem } = refused;
  const isAboutReason = refused.act === "suspend" && person.suspendedAt === null;
  return context.html(
    <AdminPersonPage
      frame={makeFrame(context)}
      person={person}
      notice={lookUpNotice(NOTICES, context.req.query("done"))}
      problem={isAboutReason ? undefined : problem}
      reason={{ value: refused.reason ?? "", problem: isAboutReason ? problem : undefined }}
      canMail={await canMail(env)}
      list={await makeAuditList(context, subject, path)}
    />,
    problem === undefined ? 200 : 422,
  );
}

async function answerMail(context: Context<AppEnv>): Promise<Response> {
  const services = makeServices(context);
  const page = readPage(context.req.query());
  const kind = context.req.query("show") === "failed" ? "failed" : "waiting";
  const waiting = await listMailsAsAdmin(services, "waiting", page);
  const failed = await listMailsAsAdmin(services, "failed", page);
  const { mails, total } = kind === "failed" ? failed : waiting;
  context.header("Cache-Control", "no-store");
  return context.html(
    <AdminMailPage
      {...{ frame: makeFrame(context), kind, mails }}
      notice={lookUpNotice(NOTICES, context.req.query("done"))}
      totals={{ waiting: waiting.total, failed: failed.total }}
      paging={describePaging(context, page, total)}
      route={await readMailRoute(services.env)}
    />,
  );
}

async function answerQueues(context: Context<AppEnv>, problem?: string): Promise<Response> {
  const page = readPage(context.req.query());
  const services = { ...makeServices(context), log: context.get("log") };
  const { states: queues, clock, outbox, gaps, dead } = await describeQueues(services, page);
  const paging = describePaging(context, page, dead.total);
  const notice = lookUpNotice(NOTICES, context.req.query("done"));
  context.header("Cache-Control", "no-store");
  const shown = { queues, clock, outbox, gaps, letters: dead.letters, paging, notice, problem };
  return context.html(
    <AdminQueuesPage frame={makeFrame(context)} {...shown} />,
    problem === undefined ? 200 : 422,
  );
}
