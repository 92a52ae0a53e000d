// Signing in, proving it again, and out. A one-time link's page only asks: a form takes it, so a preview uses nothing up.
import { Hono } from "hono";
import { clearSessionCookie, setSessionCookie } from "../../workers/auth/middleware.ts";
import { requireCredentialsOwner } from "../../workers/auth/require-user.ts";
import { readReturnPath } from "../../workers/auth/return-path.ts";
import { describeSignInLink, signInByLink, signOut } from "../../workers/auth/service.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import { confirmByPassword } from "../../workers/sign-in/confirm-by-password.ts";
import { answerSignIn } from "../answer-sign-in.tsx";
import { enterSession } from "../browser-services.ts";
import { confirmPath, homePath, signInPath, signOutPath } from "../components/paths.ts";
import { makeFrame } from "../make-frame.ts";
import { describeWait, makeServices } from "../make-services.ts";
import { OneTimeLinkPage } from "../pages/one-time-link-page.tsx";
import { readTextFields } from "../read-text-field.ts";

const LINK_PROBLEMS = {
  used: "That link has been used. Each works once.",
  expired: "That link has expired.",
  unknown: "That is not a link that was made here. Check that it was copied whole.",
};
const gone = (state: keyof typeof LINK_PROBLEMS) =>
  ({ problem: LINK_PROBLEMS[state], returnTo: homePath, status: 410 }) as const;

export const signInRoutes = new Hono<AppEnv>()
  .get(signInPath, async (context) => {
    const returnTo = readReturnPath(context.req.query("return_to"));
    const actor = context.get("actor");
    if (actor.kind === "user" && actor.credential.kind === "session") return context.redirect(returnTo, 303);
    return answerSignIn(context, "sign-in", { returnTo });
  })
  .get(confirmPath, async (context) => {
    requireCredentialsOwner(context.get("actor"));
    return answerSignIn(context, "confirm", { returnTo: readReturnPath(context.req.query("return_to")) });
  })
  .post(`${confirmPath}/password`, async (context) => {
    const actor = requireCredentialsOwner(context.get("actor"));
    const field = await readTextFields(context);
    const returnTo = readReturnPath(field("return_to"));
    const confirmed = await confirmByPassword(makeServices(context), actor, field("password"));
    if (confirmed.end === "right") return enterSession(context, confirmed.session, returnTo);
    const problem =
      confirmed.end === "refused"
        ? "That isn't your password."
        : `That was too often. Try again ${describeWait(confirmed.retryAfterMs)}.`;
    return answerSignIn(context, "confirm", { problem, returnTo, status: 422 });
  })
  .get("/login/once/:secret", async (context) => {
    const link = await describeSignInLink(context.get("database"), context.req.param("secret"));
    context.header("Cache-Control", "no-store");
    context.header("Referrer-Policy", "no-referrer");
    if (link.state !== "usable") return answerSignIn(context, "sign-in", gone(link.state));
    const { username, expiresAt } = link;
    const props = { frame: makeFrame(context), username, action: context.req.path, expiresAt };
    return context.html(<OneTimeLinkPage {...props} />);
  })
  .post("/login/once/:secret", async (context) => {
    const database = context.get("database");
    const secret = context.req.param("secret");
    const session = await signInByLink(database, context.get("actor"), secret, readOrigin(context));
    if (session === undefined) {
      const { state } = await describeSignInLink(database, secret);
      return answerSignIn(context, "sign-in", gone(state === "usable" ? "unknown" : state));
    }
    await setSessionCookie(context, session);
    return context.redirect(homePath, 303);
  })
  .post(signOutPath, async (context) => {
    await signOut(context.get("database"), context.get("actor"), readOrigin(context));
    clearSessionCookie(context);
    return context.redirect(homePath, 303);
  });
