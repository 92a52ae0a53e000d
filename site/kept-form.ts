// A form that was filled in before its sender had to confirm who they are: kept meanwhile, and filled in again on its page.
// Invariant: passwords are never kept, and what is filled in is sent by nobody but the person, with the form's new token.
import type { Context, MiddlewareHandler } from "hono";
import { z } from "zod";
import { ensureBrowserSecret, readBrowserSecret } from "../workers/auth/browser-cookie.ts";
import type { UserActor } from "../workers/core/actor.ts";
import type { AppEnv } from "../workers/core/app-env.ts";
import { readPostedForm } from "../workers/core/read-posted-form.ts";
import { keepText, takeText } from "../workers/kept-texts/service.ts";
import { fillForm } from "./fill-form.ts";

const MARK = "form";
const NEVER_KEPT = new Set(["_csrf", "_once", "password", "current"]);

const keptSchema = z.object({
  action: z.string(),
  fields: z.array(z.tuple([z.string(), z.string()])),
});
/** The path a form was posted to, and what it said. */
export type KeptForm = z.infer<typeof keptSchema>;

/** Keeps the form that this request posts. @returns the path of its page, on which it will be filled in. */
export async function keepForm(
  context: Context<AppEnv>,
  actor: UserActor,
  pagePath: string,
): Promise<string> {
  if (context.req.method !== "POST") return pagePath;
  const posted = Object.entries(await readPostedForm(context));
  const fields = posted.flatMap(([name, values]) =>
    NEVER_KEPT.has(name)
      ? []
      : values.flatMap((value) => (typeof value === "string" ? [[name, value] as [string, string]] : [])),
  );
  const kept: KeptForm = { action: context.req.path, fields };
  const holder = { userId: actor.userId, secret: ensureBrowserSecret(context) };
  await keepText(context.get("database"), holder, nameOf(pagePath), JSON.stringify(kept));
  return `${pagePath}${pagePath.includes("?") ? "&" : "?"}${MARK}=kept`;
}

/** On the page of a form that was kept: fills it in. */
export const restoreForm: MiddlewareHandler<AppEnv> = async (context, next) => {
  await next();
  const actor = context.get("actor");
  const isAsked = context.req.method === "GET" && context.req.query(MARK) === "kept";
  if (!isAsked || actor.kind !== "user" || actor.credential.kind !== "session") return;
  const secret = readBrowserSecret(context);
  if (secret === "" || !context.res.headers.get("content-type")?.startsWith("text/html")) return;
  const holder = { userId: actor.userId, secret };
  const text = await takeText(context.get("database"), holder, nameOf(context.req.path));
  if (text === undefined) return;
  const page = await fillForm(await context.res.text(), keptSchema.parse(JSON.parse(text)));
  context.res = new Response(page, context.res);
  context.res.headers.set("Cache-Control", "no-store");
};

const nameOf = (pagePath: string): string => `form:${pagePath.split("?")[0]}`;
