// A person's settings of their own account: what is shown of them, what they are called, and how the site looks to them.
import { type Context, Hono } from "hono";
import { APPEARANCES } from "../../schema/appearance.ts";
import {
  readOwnProfile,
  renameAccount,
  setAppearance,
  updateProfile,
} from "../../workers/accounts/service.ts";
import { requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { ForgeError } from "../../workers/core/errors.ts";
import { sendSoon } from "../../workers/core/outbox.ts";
import { lookUpNotice, settingsPath } from "../components/settings-layout.tsx";
import { confirmFirst } from "../confirm-first.ts";
import { makeFrame } from "../make-frame.ts";
import { makeServices } from "../make-services.ts";
import { AppearancePage } from "../pages/appearance-page.tsx";
import { ProfileSettingsPage } from "../pages/profile-settings-page.tsx";
import { readTextFields } from "../read-text-field.ts";

const NOTICES = {
  appearance: "The site looks as you said, everywhere you sign in.",
  made: "Your account is made, and you are signed in.",
  saved: "Saved.",
  renamed: "This is your username now.",
};

export const accountSettingsRoutes = new Hono<AppEnv>()
  .get("/settings", (context) => context.redirect(settingsPath("profile"), 302))
  .get("/settings/profile", (context) => answerProfile(context, {}))
  .post("/settings/profile", async (context) => {
    const actor = requireUser(context.get("actor"));
    const field = await readTextFields(context);
    const values = {
      displayName: field("name").trim(),
      bio: field("bio").trim(),
      location: field("location").trim(),
      website: field("website").trim(),
    };
    const errors = await updateProfile({ ...makeServices(context), actor }, values);
    if (Object.keys(errors).length > 0) return answerProfile(context, { values, errors });
    return context.redirect(`${settingsPath("profile")}?done=saved`, 303);
  })
  .post("/settings/username", async (context) => {
    const actor = requireUser(context.get("actor"));
    const first = await confirmFirst(context, settingsPath("profile"));
    if (first) return first;
    const value = (await readTextFields(context))("username").trim();
    const problem = await renameAccount({ ...makeServices(context), actor }, value);
    if (problem !== undefined) return answerProfile(context, { username: { value, problem } });
    sendSoon(context);
    return context.redirect(`${settingsPath("profile")}?done=renamed`, 303);
  })
  .get("/settings/appearance", (context) => {
    requireUser(context.get("actor"));
    const notice = lookUpNotice(NOTICES, context.req.query("done"));
    return context.html(<AppearancePage frame={makeFrame(context)} notice={notice} />);
  })
  .post("/settings/appearance", async (context) => {
    const actor = requireUser(context.get("actor"));
    const appearance = (await readTextFields(context))("appearance");
    const chosen = APPEARANCES.find((one) => one === appearance);
    if (chosen === undefined) throw new ForgeError("invalid", "There is no such appearance.");
    await setAppearance(context.get("database"), actor, chosen);
    return context.redirect(`${settingsPath("appearance")}?done=appearance`, 303);
  });

type ProfileProps = Parameters<typeof ProfileSettingsPage>[0];

async function answerProfile(
  context: Context<AppEnv>,
  said: Partial<Pick<ProfileProps, "values" | "errors" | "username">>,
) {
  const actor = requireUser(context.get("actor"));
  const profile = await readOwnProfile(context.get("database"), actor);
  const { values = profile, errors = {}, username = { value: profile.username, problem: undefined } } = said;
  const notice = lookUpNotice(NOTICES, context.req.query("done"));
  const isWrong = Object.keys(errors).length > 0 || username.problem !== undefined;
  return context.html(
    <ProfileSettingsPage {...{ frame: makeFrame(context), notice, values, errors, username }} />,
    isWrong ? 422 : 200,
  );
}
