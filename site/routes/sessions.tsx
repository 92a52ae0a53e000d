// One's own browser sessions: listed, ended one by one, or all others at once.
import { Hono } from "hono";
import { requireCredentialsOwner } from "../../workers/auth/require-user.ts";
import { listSessions, revokeOtherSessions, revokeSession } from "../../workers/auth/sessions.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import { lookUpNotice, settingsPath } from "../components/settings-layout.tsx";
import { makeFrame } from "../make-frame.ts";
import { SessionsPage } from "../pages/sessions-page.tsx";
import { readIdParam } from "../read-id-param.ts";

const NOTICES = { ended: "The session has ended.", "others-ended": "All other sessions have ended." };
const sessionsPath = settingsPath("sessions");

export const sessionsRoutes = new Hono<AppEnv>()
  .get(sessionsPath, async (context) => {
    const actor = requireCredentialsOwner(context.get("actor"));
    const sessions = await listSessions(context.get("database"), actor);
    const notice = lookUpNotice(NOTICES, context.req.query("done"));
    context.header("Cache-Control", "no-store");
    return context.html(<SessionsPage frame={makeFrame(context)} sessions={sessions} notice={notice} />);
  })
  .post(`${sessionsPath}/revoke-others`, async (context) => {
    const actor = requireCredentialsOwner(context.get("actor"));
    await revokeOtherSessions(context.get("database"), actor, readOrigin(context));
    return context.redirect(`${sessionsPath}?done=others-ended`, 303);
  })
  .post(`${sessionsPath}/:id/revoke`, async (context) => {
    const actor = requireCredentialsOwner(context.get("actor"));
    const id = readIdParam(context.req.param("id"));
    if (!(await revokeSession(context.get("database"), actor, readOrigin(context), id))) throw notFound();
    return context.redirect(`${sessionsPath}?done=ended`, 303);
  });
