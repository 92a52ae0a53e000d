// A person's settings of their own account: what is shown of them, and how the site looks to them.
import { Hono } from "hono";
import { APPEARANCES } from "../../schema/appearance.ts";
import { setAppearance } from "../../workers/accounts/service.ts";
import { requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { ForgeError } from "../../workers/core/errors.ts";
import { lookUpNotice, settingsPath } from "../components/settings-layout.tsx";
import { makeFrame } from "../make-frame.ts";
import { AppearancePage } from "../pages/appearance-page.tsx";

const NOTICES = { appearance: "The site looks as you said, everywhere you sign in." };

export const accountSettingsRoutes = new Hono<AppEnv>()
  .get("/settings/appearance", (context) => {
    requireUser(context.get("actor"));
    const notice = lookUpNotice(NOTICES, context.req.query("done"));
    return context.html(<AppearancePage frame={makeFrame(context)} notice={notice} />);
  })
  .post("/settings/appearance", async (context) => {
    const actor = requireUser(context.get("actor"));
    const { appearance } = await context.req.parseBody();
    const chosen = APPEARANCES.find((one) => one === appearance);
    if (chosen === undefined) throw new ForgeError("invalid", "There is no such appearance.");
    await setAppearance(context.get("database"), actor, chosen);
    return context.redirect(`${settingsPath("appearance")}?done=appearance`, 303);
  });
