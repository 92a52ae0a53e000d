// Administration of the site: people, and messages that queues gave up. For everybody else there is nothing here.
import { Hono } from "hono";
import { listDeadLetters, replayDeadLetter } from "../../workers/admin/dead-letters.ts";
import { listPeople, requireSiteAdmin, setSuspended } from "../../workers/admin/users.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { DEAD_LETTERS_SHOWN_MAX } from "../../workers/core/limits.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import { readPage } from "../../workers/core/paging.ts";
import { lookUpNotice } from "../components/settings-layout.tsx";
import { confirmFirst } from "../confirm-first.ts";
import { makeFrame } from "../make-frame.ts";
import { AdminPage } from "../pages/admin-page.tsx";
import { describePaging } from "../paging.ts";
import { readIdParam } from "../read-id-param.ts";

// Not /admin: that is the page of whoever has this name, as the first admin of `npm start` has.
const adminPath = "/site-admin";
const NOTICES = {
  suspended: "The account is shut out.",
  unsuspended: "The account is let in again.",
  sent: "The message is in its queue again.",
};

export const adminRoutes = new Hono<AppEnv>()
  .get(adminPath, async (context) => {
    const [database, actor] = [context.get("database"), context.get("actor")];
    const page = readPage(context.req.query());
    const search = context.req.query("search") ?? "";
    const { people, total } = await listPeople(database, actor, search, page);
    const letters = await listDeadLetters(database, DEAD_LETTERS_SHOWN_MAX);
    const notice = lookUpNotice(NOTICES, context.req.query("done"));
    const paging = describePaging(context, page, total);
    context.header("Cache-Control", "no-store");
    const props = { frame: makeFrame(context), people, search, paging, letters, notice };
    return context.html(<AdminPage {...props} />);
  })
  .post(`${adminPath}/users/:id/:verb{suspend|unsuspend}`, async (context) => {
    requireSiteAdmin(context.get("actor"));
    const first = confirmFirst(context, adminPath);
    if (first) return first;
    const isSuspended = context.req.param("verb") === "suspend";
    const id = readIdParam(context.req.param("id"));
    await setSuspended(context.get("database"), context.get("actor"), readOrigin(context), id, isSuspended);
    return context.redirect(`${adminPath}?done=${isSuspended ? "suspended" : "unsuspended"}`, 303);
  })
  .post(`${adminPath}/dead-letters/:id/replay`, async (context) => {
    requireSiteAdmin(context.get("actor"));
    const id = readIdParam(context.req.param("id"));
    if (!(await replayDeadLetter(context.get("env"), context.get("database"), id))) throw notFound();
    return context.redirect(`${adminPath}?done=sent`, 303);
  });
