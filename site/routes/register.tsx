// Registering, and the link that makes the account. A link's page only asks: a form takes it.
import { type Context, Hono } from "hono";
import { setSessionCookie } from "../../workers/auth/middleware.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { sendSoon } from "../../workers/core/outbox.ts";
import { describeLink } from "../../workers/mail/links.ts";
import { activate, register } from "../../workers/sign-in/register.ts";
import { readRegistration } from "../../workers/sign-in/registration.ts";
import { signInPath } from "../components/paths.ts";
import { hideLink } from "../hide-link.ts";
import { makeFrame } from "../make-frame.ts";
import { describeWait, makeServices } from "../make-services.ts";
import { ActivatePage } from "../pages/activate-page.tsx";
import { sentMailPath } from "../pages/mail-sent-page.tsx";
import { MailedLinkPage } from "../pages/mailed-link-page.tsx";
import { RegisterPage } from "../pages/register-page.tsx";
import { readOffers } from "../read-offers.ts";
import { readTextFields } from "../read-text-field.ts";

export const registerRoutes = new Hono<AppEnv>()
  .get("/register", async (context) => {
    const { registrationProblem } = await readOffers(context);
    if (registrationProblem !== undefined) return answerClosed(context, registrationProblem);
    return context.html(
      <RegisterPage frame={makeFrame(context)} values={{ username: "", address: "" }} errors={{}} />,
    );
  })
  .post("/register", async (context) => {
    const field = await readTextFields(context);
    const values = { username: field("username").trim(), address: field("email").trim() };
    const frame = makeFrame(context);
    const end = await register(makeServices(context), { ...values, password: field("password") });
    if (end.end === "closed") return answerClosed(context, end.problem);
    if (end.end === "wrong") {
      return context.html(<RegisterPage frame={frame} values={values} errors={end.errors} />, 422);
    }
    if (end.end === "limited") {
      const form = `That is too many mails for now. Try again ${describeWait(end.retryAfterMs)}.`;
      context.header("Retry-After", String(Math.ceil(end.retryAfterMs / 1000)));
      return context.html(<RegisterPage frame={frame} values={values} errors={{ form }} />, 429);
    }
    sendSoon(context);
    return context.redirect(sentMailPath("register"), 303);
  })
  .get("/activate/:secret", async (context) => {
    hideLink(context);
    const described = await describeLink(context.get("database"), "activate", context.req.param("secret"));
    if (described.state !== "usable") return answerGone(context, described.state);
    const { address, payload } = described.link;
    const { username } = readRegistration(payload);
    return context.html(
      <ActivatePage
        {...{ frame: makeFrame(context), action: context.req.path, username, address, problem: undefined }}
      />,
    );
  })
  .post("/activate/:secret", async (context) => {
    hideLink(context);
    const secret = context.req.param("secret");
    const username = (await readTextFields(context))("username").trim();
    const end = await activate(makeServices(context), secret, username);
    if (end.end === "gone") return answerGone(context, end.why);
    if (end.end === "closed") return answerClosed(context, end.problem);
    if (end.end === "wrong") {
      const described = await describeLink(context.get("database"), "activate", secret);
      if (described.state !== "usable") return answerGone(context, described.state);
      const { address } = described.link;
      const frame = makeFrame(context);
      return context.html(
        <ActivatePage {...{ frame, action: context.req.path, username, address, problem: end.problem }} />,
        422,
      );
    }
    await setSessionCookie(context, end.session);
    return context.redirect("/settings/profile?done=made", 303);
  });

const GONE = {
  used: "This link has been used: the account is made.",
  expired: "This link has expired. Register again for a new one.",
  unknown: "This is not a link that was made here. Check that it was copied whole.",
  known: "This address has an account by now.",
} as const;

function answerClosed(context: Context<AppEnv>, sentence: string) {
  const title = "No account to make";
  const next = { href: signInPath, label: "Sign in" };
  const page = (
    <MailedLinkPage {...{ frame: makeFrame(context), title, sentence, form: null, next }} isProblem />
  );
  return context.html(page, 403);
}

function answerGone(context: Context<AppEnv>, why: keyof typeof GONE) {
  const isMade = why === "used" || why === "known";
  const next = isMade ? { href: "/login", label: "Sign in" } : { href: "/register", label: "Register" };
  return context.html(
    <MailedLinkPage
      {...{ frame: makeFrame(context), title: "No account to make", sentence: GONE[why], form: null }}
      next={next}
      isProblem
    />,
    410,
  );
}
