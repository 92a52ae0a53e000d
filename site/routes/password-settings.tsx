// Changing one's password, or choosing a first one.
import { type Context, Hono } from "hono";
import { setSessionCookie } from "../../workers/auth/middleware.ts";
import { requireCredentialsOwner } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { sendSoon } from "../../workers/core/outbox.ts";
import { changePassword, hasPassword } from "../../workers/sign-in/password.ts";
import { countLiveTokens } from "../../workers/tokens/service.ts";
import { lookUpNotice, settingsPath } from "../components/settings-layout.tsx";
import { confirmUnlessFirst } from "../confirm-first.ts";
import { makeFrame } from "../make-frame.ts";
import { describeWait, makeServices } from "../make-services.ts";
import { PasswordSettingsPage } from "../pages/password-settings-page.tsx";
import { readTextFields } from "../read-text-field.ts";

const passwordPath = settingsPath("password");
const NOTICES = {
  changed: "Your password is set. Every other browser has to sign in again.",
  "changed-all":
    "Your password is set and your API tokens are revoked. Every other browser has to sign in again.",
};

export const passwordSettingsRoutes = new Hono<AppEnv>()
  .get(passwordPath, (context) => answerPassword(context, {}))
  .post(passwordPath, async (context) => {
    const actor = requireCredentialsOwner(context.get("actor"));
    const services = makeServices(context);
    // Who has no password yet proves themselves by the way they signed in, if they have one of their own.
    const first = (await hasPassword(services, actor))
      ? undefined
      : await confirmUnlessFirst(context, passwordPath);
    if (first) return first;
    const field = await readTextFields(context);
    const isToRevoke = field("revoke_tokens") !== "";
    const change = { current: field("current"), password: field("password"), isToRevoke };
    const end = await changePassword(services, actor, change);
    if (end.end === "wrong") return answerPassword(context, { [end.field]: end.problem });
    if (end.end === "limited") {
      context.header("Retry-After", String(Math.ceil(end.retryAfterMs / 1000)));
      return answerPassword(context, {
        form: `That was too often. Try again ${describeWait(end.retryAfterMs)}.`,
      });
    }
    await setSessionCookie(context, end.session);
    sendSoon(context);
    return context.redirect(`${passwordPath}?done=${isToRevoke ? "changed-all" : "changed"}`, 303);
  });

async function answerPassword(
  context: Context<AppEnv>,
  errors: { current?: string; password?: string; form?: string },
) {
  const actor = requireCredentialsOwner(context.get("actor"));
  const isSet = await hasPassword(makeServices(context), actor);
  const tokenCount = await countLiveTokens(context.get("database"), actor.userId);
  const notice = lookUpNotice(NOTICES, context.req.query("done"));
  const status = errors.form !== undefined ? 429 : Object.keys(errors).length > 0 ? 422 : 200;
  return context.html(
    <PasswordSettingsPage
      {...{ frame: makeFrame(context), notice, hasPassword: isSet, tokenCount, errors }}
    />,
    status,
  );
}
