// Git's smart HTTP (gitprotocol-http): three addresses per repository, with or without `.git` at its end, and those of
// the bundles that clients are told of.
// Invariant: nothing is read or written before `authorise` has let the request in.
import { type Context, Hono } from "hono";
import { formatSeconds } from "../../core/api-errors.ts";
import type { AppEnv } from "../../core/app-env.ts";
import type { GitService } from "../wire/advertisement.ts";
import { serveBundle } from "./bundles.ts";
import type { GitAccess, GitHttpDependencies } from "./dependencies.ts";
import { refuse } from "./git-response.ts";
import { serveInfoRefs } from "./info-refs.ts";
import { serveReceivePack } from "./receive-pack.ts";
import { serveUploadPack } from "./upload-pack.ts";

const REALM = 'Basic realm="Plue", charset="UTF-8"';
const SIGN_IN = "Sign in with an API token as the password.";

/** The routes of git's clients. */
export function createGitRoutes(dependencies: GitHttpDependencies): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const enter = (context: Context<AppEnv>, service: GitService): Promise<GitAccess> => {
    const owner = context.req.param("owner") ?? "";
    const name = (context.req.param("repository") ?? "").replace(/\.git$/, "");
    return dependencies.authorise(context, { owner, name, service });
  };
  routes.get("/:owner/:repository/info/refs", async (context) => {
    const service = parseService(context.req.query("service"));
    if (service === null) {
      return refuse(403, "This server speaks the smart protocol only: use git 1.6.6 or newer.");
    }
    const access = await enter(context, service);
    return access.allowed ? serveInfoRefs(context, access.repository, service) : turnAway(context, access);
  });
  routes.post("/:owner/:repository/git-upload-pack", async (context) => {
    const access = await enter(context, "git-upload-pack");
    return access.allowed ? serveUploadPack(context, access.repository) : turnAway(context, access);
  });
  routes.post("/:owner/:repository/git-receive-pack", async (context) => {
    const access = await enter(context, "git-receive-pack");
    if (!access.allowed) return turnAway(context, access);
    const { repository, actor } = access;
    if (actor === null) return turnAway(context, { allowed: false, status: 401, message: SIGN_IN });
    return serveReceivePack(context, dependencies, { repository, actor });
  });
  routes.get("/:owner/:repository/bundles/:bundle", async (context) => {
    const access = await enter(context, "git-upload-pack");
    return access.allowed
      ? serveBundle(context, access.repository, context.req.param("bundle"))
      : turnAway(context, access);
  });
  return routes;
}

/** Whether a request is for one of these routes, and can be for no other. */
export function isGitRequest({ method, url }: Request): boolean {
  const { pathname } = new URL(url);
  return (method === "GET" ? READ_PATH : method === "POST" ? SERVICE_PATH : null)?.test(pathname) ?? false;
}

/** What a repository's owner can't be called. */
const OWNER = "^/(?!(?:api|assets|internal)/)[^/]+";
const READ_PATH = new RegExp(`${OWNER}/[^/]+/(?:info/refs|bundles/[^/]+)$`);
const SERVICE_PATH = new RegExp(`${OWNER}/[^/]+/git-(?:upload|receive)-pack$`);

function parseService(text: string | undefined): GitService | null {
  return text === "git-upload-pack" || text === "git-receive-pack" ? text : null;
}

function turnAway(
  context: Context<AppEnv>,
  { status, message, movedTo, retryAfterMs }: GitAccess & { allowed: false },
): Response {
  if (movedTo !== undefined) return sendOn(context, movedTo);
  return refuse(status, message, {
    ...(status === 401 ? { "WWW-Authenticate": REALM } : {}),
    ...(retryAfterMs === undefined ? {} : { "Retry-After": formatSeconds(retryAfterMs) }),
  });
}

// git follows where `info/refs` leads, and sends what comes after there at once.
function sendOn(context: Context<AppEnv>, { owner, name }: { owner: string; name: string }): Response {
  const { pathname, search } = new URL(context.req.url);
  const rest = pathname.split("/").slice(3).join("/");
  const location = `/${encodeURIComponent(owner)}/${encodeURIComponent(name)}.git/${rest}${search}`;
  return context.body(null, context.req.method === "GET" ? 301 : 308, {
    Location: location,
    "Cache-Control": "no-store",
  });
}
