// The order of the routes, readable top to bottom.
import { OpenAPIHono } from "@hono/zod-openapi";
import { Hono } from "hono";
import { showLines } from "../schema/terminal-text.ts";
import { answerOnce } from "../site/answer-once.ts";
import { assetRoutes } from "../site/asset-routes.ts";
import { answerErrorPage } from "../site/error-routes.tsx";
import { restoreForm } from "../site/kept-form.ts";
import { siteRoutes } from "../site/routes.tsx";
import { accountRoutes } from "./accounts/routes.ts";
import { emailRoutes } from "./accounts/routes-emails.ts";
import { authenticate, refuseForgery } from "./auth/middleware.ts";
import { findTokenInQuery } from "./auth/read-token.ts";
import { clockRoutes } from "./clock/routes.ts";
import { ANONYMOUS } from "./core/actor.ts";
import { answerUnchanged } from "./core/answer-unchanged.ts";
import { answerApiError, formatSeconds, logFailure, toForgeError } from "./core/api-errors.ts";
import { limitBody, readBodyAsJson } from "./core/api-input.ts";
import type { AppEnv } from "./core/app-env.ts";
import { makeBackground } from "./core/background.ts";
import { internalRoutes } from "./core/internal-routes.ts";
import { readOrigin } from "./core/origin.ts";
import { provideContext } from "./core/request-context.ts";
import { limitHead, requireShortHead } from "./core/request-head.ts";
import { addSecurityHeaders } from "./core/security-headers.ts";
import { shareAcrossOrigins } from "./core/share-across-origins.ts";
import { withSingleSlashes } from "./core/single-slashes.ts";
import { createUnrouted, NOTHING } from "./core/unrouted.ts";
import { fsckRoutes } from "./git/housekeeping/fsck-routes.ts";
import { createGitRoutes, isGitRequest } from "./git/http/routes.ts";
import { healthRoutes } from "./health/routes.ts";
import { importRoutes } from "./imports/routes.ts";
import { importPartRoutes } from "./imports/routes-parts.ts";
import { importStreamRoutes } from "./imports/routes-stream.ts";
import { keyRoutes } from "./keys/routes.ts";
import { completeDocument } from "./openapi/complete-document.ts";
import { organizationMemberRoutes } from "./orgs/routes-members.ts";
import { membershipRoutes } from "./orgs/routes-memberships.ts";
import { organizationRoutes } from "./orgs/routes-organizations.ts";
import { teamMemberRoutes } from "./orgs/routes-team-members.ts";
import { teamRoutes } from "./orgs/routes-teams.ts";
import { protectionRoutes } from "./protection/routes.ts";
import { branchRoutes } from "./protection/routes-branches.ts";
import { rateLimitRoutes } from "./rate-limits/routes.ts";
import { requireUnshielded, shieldRequests } from "./rate-limits/shield.ts";
import { answerAddressForms } from "./repos/address-forms.ts";
import { authoriseGit } from "./repos/authorise-git.ts";
import { RepositoryMoved, sendOn } from "./repos/repository-moved.ts";
import { repositoryRoutes } from "./repos/routes.ts";
import { collaboratorRoutes } from "./repos/routes-collaborators.ts";
import { repositoryInvitationRoutes } from "./repos/routes-invitations.ts";
import { repositorySettingsRoutes } from "./repos/routes-settings.ts";
import { preparePush } from "./runs/push-hooks.ts";
import { runRoutes } from "./runs/routes.ts";
import { provideSettings } from "./site-settings/provide-settings.ts";
import { siteSettingsRoutes } from "./site-settings/routes.ts";
import { statusRoutes } from "./statuses/routes.ts";
import { tokenRoutes } from "./tokens/routes.ts";

const unrouted = createUnrouted(() => app);
const api = new OpenAPIHono<AppEnv>();
// Before the limit of bodies: a part of an import has a limit of its own.
api.route("/", importPartRoutes);
api.use(limitBody, readBodyAsJson, authenticate, refuseForgery);
api.use("/v3/*", answerUnchanged);
api.route("/", healthRoutes);
api.route("/", runRoutes);
api.route("/v3", accountRoutes);
api.route("/v3", rateLimitRoutes);
api.route("/v3", keyRoutes);
api.route("/v3", emailRoutes);
api.route("/v3", repositoryRoutes);
api.route("/v3", repositorySettingsRoutes);
api.route("/v3", branchRoutes);
api.route("/v3", protectionRoutes);
api.route("/v3", statusRoutes);
api.route("/v3", collaboratorRoutes);
api.route("/v3", repositoryInvitationRoutes);
api.route("/v3", organizationRoutes);
api.route("/v3", organizationMemberRoutes);
api.route("/v3", membershipRoutes);
api.route("/v3", teamRoutes);
api.route("/v3", teamMemberRoutes);
api.route("/", tokenRoutes);
api.route("/", siteSettingsRoutes);
api.route("/", importRoutes);
api.route("/", importStreamRoutes);
api.get("/openapi.json", (context) => {
  const { buildVersion, publicUrl } = context.get("env");
  const document = api.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Plue", version: buildVersion },
    servers: [{ url: `${publicUrl}/api` }],
  });
  return context.json(completeDocument(document));
});
api.all("*", (context) => {
  throw unrouted.refuse(context);
});

const git = createGitRoutes({
  authorise: async (context, target) => {
    requireShortHead(context);
    await requireUnshielded(context, "git");
    const problem = findTokenInQuery(context);
    if (problem !== undefined) return { allowed: false, status: 400, message: problem };
    const authorization = context.req.header("authorization");
    const { rateLimitFactor, publicUrl } = context.get("env");
    const request = { authorization, address: readOrigin(context).address, rateLimitFactor, publicUrl };
    const access = await authoriseGit(context.get("database"), request, target);
    context.set("actor", (access.allowed ? access.principal : undefined) ?? ANONYMOUS);
    return access;
  },
  preparePush: (context, push) =>
    preparePush(
      {
        env: context.get("env"),
        database: context.get("database"),
        log: context.get("log"),
        background: makeBackground(context.executionCtx, context.get("log")),
      },
      { actor: context.get("actor"), origin: readOrigin(context) },
      push,
    ),
});

// What git prints is text.
git.onError((error, context) => {
  const failure = toForgeError(error);
  logFailure(context, failure);
  if (failure.retryAfterMs !== undefined) context.header("Retry-After", formatSeconds(failure.retryAfterMs));
  return context.text(`${showLines(failure.message)}\n`, failure.status);
});

export const app = new Hono<AppEnv>();
const forge = app.fetch;
const gitAlone = new Hono<AppEnv>();
gitAlone.use(provideContext);
gitAlone.route("/", git);
// Git's few addresses are told apart first: to find one among all routes takes longer than most of git's answers.
app.fetch = (asked, ...rest) => {
  const request = withSingleSlashes(asked);
  return isGitRequest(request) ? gitAlone.fetch(request, ...rest) : forge(request, ...rest);
};
app.use(provideContext);
app.route("/assets", assetRoutes);
app.route("/internal", internalRoutes);
app.route("/internal/clock", clockRoutes);
app.route("/internal/fsck", fsckRoutes);
app.use("/api/*", shareAcrossOrigins, addSecurityHeaders, limitHead, shieldRequests);
app.route("/api", api);
app.route("/", git);
app.use(
  addSecurityHeaders,
  limitHead,
  shieldRequests,
  answerAddressForms,
  limitBody,
  provideSettings,
  authenticate,
  refuseForgery,
  unrouted.guard,
  answerOnce,
  restoreForm,
);
app.route("/", siteRoutes);

app.notFound((context) => {
  throw unrouted.refuse(context, NOTHING);
});
app.onError((error, context) => {
  const failure = toForgeError(error);
  if (failure instanceof RepositoryMoved) return sendOn(context, failure);
  logFailure(context, failure);
  const isPage = !/^\/(api|internal)\//.test(context.req.path);
  return isPage ? answerErrorPage(context, failure) : answerApiError(context, failure);
});
