// Signing in by password and by a mailed link, and setting a forgotten password anew. Who is known is told by no answer.
import { type Context, Hono } from "hono";
import { setSessionCookie } from "../../workers/auth/middleware.ts";
import { readReturnPath } from "../../workers/auth/return-path.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { sendSoon } from "../../workers/core/outbox.ts";
import { canMail } from "../../workers/mail/can-mail.ts";
import { describeLink } from "../../workers/mail/links.ts";
import { orderEntryLink, resetPassword, signInByEmail } from "../../workers/sign-in/email-links.ts";
import { signInByPassword } from "../../workers/sign-in/password.ts";
import { countLiveTokens } from "../../workers/tokens/service.ts";
import { signInPath } from "../components/paths.ts";
import { lookUpNotice } from "../components/settings-layout.tsx";
import { hideLink } from "../hide-link.ts";
import { makeFrame } from "../make-frame.ts";
import { describeWait, makeServices } from "../make-services.ts";
import { MailSentPage, readSentMail, sentMailPath } from "../pages/mail-sent-page.tsx";
import { MailedLinkPage } from "../pages/mailed-link-page.tsx";
import { PasswordSignInPage } from "../pages/password-sign-in-page.tsx";
import { ForgottenPage, ResetPage } from "../pages/reset-page.tsx";
import { readOffers } from "../read-offers.ts";
import { readTextFields } from "../read-text-field.ts";

const LOGIN_CHARACTERS_MAX = 254;

export const emailSignInRoutes = new Hono<AppEnv>()
  .get("/login/password", (context) => answerSignIn(context, {}))
  .post("/login/password", async (context) => {
    const field = await readTextFields(context);
    const login = field("login").trim().slice(0, LOGIN_CHARACTERS_MAX);
    const returnTo = readReturnPath(field("return_to"));
    const end = await signInByPassword(makeServices(context), { login, password: field("password") });
    if (end.end === "refused") {
      return answerSignIn(context, { login, returnTo, problem: "Wrong name or password.", status: 422 });
    }
    if (end.end === "limited") {
      context.header("Retry-After", String(Math.ceil(end.retryAfterMs / 1000)));
      const problem = `That was too often. Try again ${describeWait(end.retryAfterMs)}, or use another way to sign in.`;
      return answerSignIn(context, { login, returnTo, problem, status: 429 });
    }
    if (end.end === "second-proof") {
      sendSoon(context);
      return context.redirect(sentMailPath("second-proof"), 303);
    }
    await setSessionCookie(context, end.session);
    return context.redirect(returnTo, 303);
  })
  .get(`${signInPath}/sent`, (context) => {
    const what = readSentMail(context.req.query("for"));
    if (what === undefined) throw notFound();
    return context.html(<MailSentPage frame={makeFrame(context)} what={what} />);
  })
  .post("/login/email", async (context) => {
    const login = await readLogin(context);
    if (login === "") return answerSignIn(context, { problem: "Which account?", status: 422 });
    const end = await orderEntryLink(makeServices(context), "sign-in", login);
    if (end.end === "unavailable") return answerSignIn(context, { login, problem: NO_MAIL, status: 503 });
    if (end.end === "limited") {
      context.header("Retry-After", String(Math.ceil(end.retryAfterMs / 1000)));
      const problem = `That is too many mails for now. Try again ${describeWait(end.retryAfterMs)}.`;
      return answerSignIn(context, { login, problem, status: 429 });
    }
    sendSoon(context);
    return context.redirect(sentMailPath("sign-in"), 303);
  })
  .get("/login/email/:secret", async (context) => {
    hideLink(context);
    const described = await describeLink(context.get("database"), "sign-in", context.req.param("secret"));
    if (described.state !== "usable") return answerGone(context, described.state);
    const title = `Sign in as ${described.link.username}?`;
    const form = { action: context.req.path, button: "Sign in" };
    const sentence = "This link works once.";
    return context.html(<MailedLinkPage {...{ frame: makeFrame(context), title, sentence, form }} />);
  })
  .post("/login/email/:secret", async (context) => {
    hideLink(context);
    const secret = context.req.param("secret");
    const session = await signInByEmail(makeServices(context), secret);
    if (session === undefined) {
      const { state } = await describeLink(context.get("database"), "sign-in", secret);
      return answerGone(context, state === "usable" ? "unknown" : state);
    }
    await setSessionCookie(context, session);
    return context.redirect("/", 303);
  })
  .get("/reset", async (context) => {
    if (!(await canMail(context.get("env")))) return answerNoMail(context);
    return context.html(<ForgottenPage frame={makeFrame(context)} login="" problem={undefined} />);
  })
  .post("/reset", async (context) => {
    const login = await readLogin(context);
    const frame = makeFrame(context);
    if (login === "") {
      return context.html(<ForgottenPage frame={frame} login={login} problem="Which account?" />, 422);
    }
    const end = await orderEntryLink(makeServices(context), "reset", login);
    if (end.end === "unavailable") return answerNoMail(context);
    if (end.end === "limited") {
      context.header("Retry-After", String(Math.ceil(end.retryAfterMs / 1000)));
      const problem = `That is too many mails for now. Try again ${describeWait(end.retryAfterMs)}.`;
      return context.html(<ForgottenPage frame={frame} login={login} problem={problem} />, 429);
    }
    sendSoon(context);
    return context.redirect(sentMailPath("reset"), 303);
  })
  .get("/reset/:secret", async (context) => answerReset(context, context.req.param("secret"), undefined))
  .post("/reset/:secret", async (context) => {
    const secret = context.req.param("secret");
    const field = await readTextFields(context);
    const isToRevoke = field("revoke_tokens") !== "";
    const end = await resetPassword(makeServices(context), secret, field("password"), isToRevoke);
    if (end.end !== "reset") {
      return answerReset(context, secret, end.end === "wrong" ? end.problem : undefined);
    }
    sendSoon(context);
    hideLink(context);
    return context.redirect(`${signInPath}/password?done=${isToRevoke ? "reset-all" : "reset"}`, 303);
  });

const NOTICES = {
  reset: "The password is set. All sessions were signed out: sign in with the new password.",
  "reset-all":
    "The password is set and the account's API tokens are revoked. All sessions were signed out: sign in with the new password.",
};

const NO_MAIL = "No mail can be sent from here. Use another way to sign in.";

const answerNoMail = (context: Context<AppEnv>) => answerSignIn(context, { problem: NO_MAIL, status: 503 });

const readLogin = async (context: Context<AppEnv>): Promise<string> =>
  (await readTextFields(context))("login").trim().slice(0, LOGIN_CHARACTERS_MAX);

async function answerSignIn(
  context: Context<AppEnv>,
  said: { login?: string; returnTo?: string; problem?: string; status?: 422 | 429 | 503 },
) {
  const { login = "", returnTo = "/", problem, status = 200 } = said;
  const offers = await readOffers(context);
  const notice = lookUpNotice(NOTICES, context.req.query("done"));
  return context.html(
    <PasswordSignInPage {...{ frame: makeFrame(context), login, returnTo, problem, notice, offers }} />,
    status,
  );
}

async function answerReset(context: Context<AppEnv>, secret: string, problem: string | undefined) {
  hideLink(context);
  const described = await describeLink(context.get("database"), "reset", secret);
  if (described.state !== "usable") return answerGone(context, described.state);
  const { userId } = described.link;
  const username = described.link.username ?? "";
  const tokenCount = userId === null ? 0 : await countLiveTokens(context.get("database"), userId);
  return context.html(
    <ResetPage {...{ frame: makeFrame(context), username, action: context.req.path, problem, tokenCount }} />,
    problem === undefined ? 200 : 422,
  );
}

const GONE = {
  used: "This link has been used. Each works once.",
  expired: "This link has expired.",
  unknown: "This is not a link that was made here. Check that it was copied whole.",
} as const;

function answerGone(context: Context<AppEnv>, why: keyof typeof GONE) {
  const title = "This link leads nowhere";
  const next = { href: "/login", label: "Sign in, or ask for a new one" };
  return context.html(
    <MailedLinkPage
      {...{ frame: makeFrame(context), title, sentence: GONE[why], form: null, next }}
      isProblem
    />,
    410,
  );
}
