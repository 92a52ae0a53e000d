// One's own API tokens: listed, made, rotated, revoked.
import { type Context, Hono } from "hono";
import { requireCredentialsOwner } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { ForgeError } from "../../workers/core/errors.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import { readPostedForm } from "../../workers/core/read-posted-form.ts";
import { SCOPE_DESCRIPTIONS } from "../../workers/tokens/scope-descriptions.ts";
import {
  createOwnToken,
  listOwnTokens,
  revokeOwnToken,
  rotateOwnToken,
} from "../../workers/tokens/service.ts";
import { showOnce, takeShownOnce } from "../answer-once.ts";
import { lookUpNotice, settingsPath } from "../components/settings-layout.tsx";
import { confirmFirst } from "../confirm-first.ts";
import { makeFrame } from "../make-frame.ts";
import { TokensPage, type TokensPageProps } from "../pages/tokens-page.tsx";
import { readIdParam } from "../read-id-param.ts";

const tokensPath = settingsPath("tokens");
const NOTICES = { revoked: "The token is worth nothing any more." };
const EMPTY = { name: "", scopes: ["repo:read"], repositories: "", expiresInDays: "30" };
export const tokensRoutes = new Hono<AppEnv>()
  .get(tokensPath, async (context) => {
    const isMade = context.req.query("done") === "made";
    return answerPage(context, { made: isMade ? await takeShownOnce(context, tokensPath) : null });
  })
  .post(tokensPath, async (context) => {
    const first = await confirmFirst(context, tokensPath);
    if (first) return first;
    const values = await readForm(context);
    try {
      const days = values.expiresInDays;
      const made = await createOwnToken(context.get("database"), context.get("actor"), readOrigin(context), {
        name: values.name,
        scopes: values.scopes,
        repositories: values.repositories === "" ? null : values.repositories.split(/[\s,]+/),
        expiresInDays: days === "" ? null : Number(days),
      });
      await showOnce(context, tokensPath, made.token);
      return context.redirect(`${tokensPath}?done=made`, 303);
    } catch (error) {
      const errors = readProblem(error);
      return answerPage(context, { values, errors }, 422);
    }
  })
  .post(`${tokensPath}/:id/rotate`, async (context) => {
    const first = await confirmFirst(context, tokensPath);
    if (first) return first;
    const id = readIdParam(context.req.param("id"));
    const made = await rotateOwnToken(context.get("database"), context.get("actor"), readOrigin(context), id);
    await showOnce(context, tokensPath, made.token);
    return context.redirect(`${tokensPath}?done=made`, 303);
  })
  .post(`${tokensPath}/:id/revoke`, async (context) => {
    const id = readIdParam(context.req.param("id"));
    await revokeOwnToken(context.get("database"), context.get("actor"), readOrigin(context), id);
    return context.redirect(`${tokensPath}?done=revoked`, 303);
  });

async function answerPage(
  context: Context<AppEnv>,
  changes: Partial<Pick<TokensPageProps, "made" | "values" | "errors">>,
  status: 200 | 422 = 200,
) {
  const actor = requireCredentialsOwner(context.get("actor"));
  const tokens = await listOwnTokens(context.get("database"), actor);
  const notice = lookUpNotice(NOTICES, context.req.query("done"));
  const props = { made: null, values: EMPTY, errors: {}, ...changes };
  context.header("Cache-Control", "no-store");
  return context.html(
    <TokensPage
      frame={makeFrame(context)}
      tokens={tokens}
      notice={notice}
      scopes={SCOPE_DESCRIPTIONS}
      {...props}
    />,
    status,
  );
}

async function readForm(context: Context<AppEnv>): Promise<TokensPageProps["values"]> {
  const form = await readPostedForm(context);
  const texts = (name: string) => (form[name] ?? []).filter((value) => typeof value === "string");
  return {
    name: texts("name")[0] ?? "",
    scopes: texts("scope"),
    repositories: (texts("repositories")[0] ?? "").trim(),
    expiresInDays: texts("expires_in_days")[0] ?? "",
  };
}

function readProblem(error: unknown): Record<string, string> {
  if (!(error instanceof ForgeError)) throw error;
  if (error.code === "not_found")
    return { repositories: "There is no such repository, or you don't see it." };
  if (error.code !== "invalid") throw error;
  const [field] = error.fields;
  return { [field?.field ?? "form"]: error.message };
}
