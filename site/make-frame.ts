// What every page is told besides its own content, from the request.
import type { Context } from "hono";
import type { Appearance } from "../schema/appearance.ts";
import { randomBase62 } from "../schema/token.ts";
import type { AppEnv } from "../workers/core/app-env.ts";
import { DEFAULT_SETTINGS } from "../workers/site-settings/settings.ts";
import { assetPath } from "./asset-routes.ts";
import type { Frame, Viewer } from "./components/frame.ts";

const FORM_KEY_LENGTH = 16;

export function makeFrame(context: Context<AppEnv>): Frame {
  const env = context.get("env");
  return {
    viewer: findViewer(context),
    appearance: findAppearance(context),
    assets: {
      css: assetPath("main.css"),
      runScript: assetPath("run.js"),
      signInScript: assetPath("sign-in.js"),
      walletScript: assetPath("wallet.js"),
      passkeyScript: assetPath("passkey.js"),
    },
    version: env.buildVersion,
    publicUrl: env.publicUrl,
    // Errors may be answered before anything was read.
    site: context.get("site") ?? { name: DEFAULT_SETTINGS.siteName, banner: "" },
    now: new Date(),
  };
}

// Errors may be answered before anyone was authenticated. A token has no forms to send.
function findViewer(context: Context<AppEnv>): Viewer | null {
  const actor = context.get("actor");
  if (actor?.kind !== "user") return null;
  const { username, isAdmin, credential } = actor;
  const isSession = credential.kind === "session";
  const waiting = (isSession ? credential.waiting : undefined) ?? { invitations: 0, transfers: 0 };
  const csrfToken = isSession ? credential.csrfToken : "";
  const formKey = randomBase62(FORM_KEY_LENGTH);
  return { username, isAdmin, csrfToken, formKey, waiting };
}

function findAppearance(context: Context<AppEnv>): Appearance {
  const actor = context.get("actor");
  if (actor?.kind !== "user" || actor.credential.kind !== "session") return "auto";
  return actor.credential.appearance ?? "auto";
}
