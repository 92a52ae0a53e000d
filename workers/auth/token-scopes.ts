// What a request by token says of scopes: in its answer's headers, as GitHub does, and in the audit log where one lacked.
import type { Context } from "hono";
import { recordAudit } from "../audit/service.ts";
import type { Actor } from "../core/actor.ts";
import type { AppEnv } from "../core/app-env.ts";
import { readOrigin } from "../core/origin.ts";

/** Called once the request has been answered, with what was asked of its token on the way. */
export async function settleScopes(context: Context<AppEnv>, actor: Actor): Promise<void> {
  if (actor.kind !== "user" || actor.credential.kind !== "token") return;
  const { scopes, asked = new Map<string, boolean>() } = actor.credential;
  if (context.req.path.startsWith("/api/v3/")) {
    context.res.headers.set("x-oauth-scopes", scopes.join(", "));
    context.res.headers.set("x-accepted-oauth-scopes", [...asked.keys()].join(", "));
  }
  const lacking = [...asked].flatMap(([scope, isCarried]) => (isCarried ? [] : [scope]));
  const { status } = context.res;
  if (lacking.length === 0 || (status !== 403 && status !== 404)) return;
  await recordAudit(context.get("database").query, actor, readOrigin(context), {
    action: "token.refuse",
    ownerId: actor.userId,
    details: { scopes: lacking, method: context.req.method, path: context.req.path.slice(0, 300), status },
  });
}
