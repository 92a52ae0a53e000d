// Failures as pages.
import type { Context } from "hono";
import { readReturnPath } from "../workers/auth/return-path.ts";
import { formatSeconds } from "../workers/core/api-errors.ts";
import type { AppEnv } from "../workers/core/app-env.ts";
import type { ForgeError } from "../workers/core/errors.ts";
import { judgeRepository, type Repository } from "../workers/repos/service.ts";
import { makeFrame } from "./make-frame.ts";
import { ErrorPage } from "./pages/error-page.tsx";
import { SignInPage } from "./pages/sign-in-page.tsx";
import { readOffers } from "./read-offers.ts";

/** The page for an error; who isn't signed in and must be is shown how. */
export async function answerErrorPage(context: Context<AppEnv>, error: ForgeError): Promise<Response> {
  // A failure of the configuration itself leaves nothing to make a page of.
  if (context.get("env") === undefined) return context.text(error.message, error.status);
  if (error.retryAfterMs !== undefined) context.header("Retry-After", formatSeconds(error.retryAfterMs));
  if (error.allow !== undefined) context.header("Allow", error.allow.join(", "));
  const frame = makeFrame(context);
  if (error.status === 401) {
    // Only a page can be gone back to.
    const { pathname, search } = new URL(context.req.url);
    const returnTo = readReturnPath(context.req.method === "GET" ? pathname + search : "/");
    const offers = await readOffers(context);
    return context.html(<SignInPage {...{ frame, problem: undefined, returnTo, offers }} />, 401);
  }
  const { status, message } = error;
  const requestId = context.get("requestId");
  const repository = status === 404 ? await findRepositoryOf(context) : undefined;
  return context.html(<ErrorPage {...{ frame, status, message, requestId, repository }} />, status);
}

/** The repository that a page's address lies in, where the viewer may read it. */
async function findRepositoryOf(context: Context<AppEnv>): Promise<Repository | undefined> {
  const [, owner = "", name = "", page] = context.req.path.split("/");
  const actor = context.get("actor");
  // Whoever failed before they were known is told nothing of repositories.
  if (page === undefined || actor === undefined) return undefined;
  const judged = await judgeRepository(context.get("database"), actor, owner, name, "repository.read");
  return judged.verdict === "allowed" ? judged.repository : undefined;
}
