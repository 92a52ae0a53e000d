// Signing in by a one-time link, and out. The link's page only asks: a form takes it, so a preview uses nothing up.
import { Hono } from "hono";
import { clearSessionCookie, setSessionCookie } from "../../workers/auth/middleware.ts";
import { describeSignInLink, signInByLink, signOut } from "../../workers/auth/service.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import { homePath, signInPath } from "../components/paths.ts";
import { makeFrame } from "../make-frame.ts";
import { OneTimeLinkPage } from "../pages/one-time-link-page.tsx";
import { SignInPage } from "../pages/sign-in-page.tsx";

export const signInRoutes = new Hono<AppEnv>()
  .get(signInPath, (context) => context.html(<SignInPage frame={makeFrame(context)} problem={null} />))
  .get("/login/once/:secret", async (context) => {
    const link = await describeSignInLink(context.get("database"), context.req.param("secret"));
    context.header("Cache-Control", "no-store");
    context.header("Referrer-Policy", "no-referrer");
    const frame = makeFrame(context);
    if (link.state !== "usable") return context.html(<SignInPage frame={frame} problem={link.state} />, 410);
    const { username, expiresAt } = link;
    return context.html(
      <OneTimeLinkPage frame={frame} username={username} action={context.req.path} expiresAt={expiresAt} />,
    );
  })
  .post("/login/once/:secret", async (context) => {
    const database = context.get("database");
    const secret = context.req.param("secret");
    const session = await signInByLink(database, context.get("actor"), secret, readOrigin(context));
    if (session === undefined) {
      const { state } = await describeSignInLink(database, secret);
      const problem = state === "usable" ? "unknown" : state;
      return context.html(<SignInPage frame={makeFrame(context)} problem={problem} />, 410);
    }
    setSessionCookie(context, session);
    return context.redirect(homePath, 303);
  })
  .post("/logout", async (context) => {
    await signOut(context.get("database"), context.get("actor"), readOrigin(context));
    clearSessionCookie(context);
    return context.redirect(homePath, 303);
  });
