// Gives every page what is set of its frame: the site's name and its banner.
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../core/app-env.ts";
import { readKeptSettings } from "./service.ts";

export const provideSettings: MiddlewareHandler<AppEnv> = async (context, next) => {
  const { siteName, banner } = await readKeptSettings(context.get("env"), context.get("database"));
  context.set("site", { name: siteName, banner });
  await next();
};
