// The pages' addresses. What begins with a fixed word comes before /:owner/:repo.
import { Hono } from "hono";
import type { AppEnv } from "../workers/core/app-env.ts";
import { accountSettingsRoutes } from "./routes/account-settings.tsx";
import { contentRoutes } from "./routes/content.tsx";
import { homeRoutes } from "./routes/home.tsx";
import { importRoutes } from "./routes/imports.tsx";
import { runRoutes } from "./routes/runs.tsx";
import { sessionsRoutes } from "./routes/sessions.tsx";
import { signInRoutes } from "./routes/sign-in.tsx";

export const siteRoutes = new Hono<AppEnv>();
siteRoutes.route("/", homeRoutes);
siteRoutes.route("/", signInRoutes);
siteRoutes.route("/", accountSettingsRoutes);
siteRoutes.route("/", sessionsRoutes);
siteRoutes.route("/", runRoutes);
siteRoutes.route("/", importRoutes);
siteRoutes.route("/", contentRoutes);
