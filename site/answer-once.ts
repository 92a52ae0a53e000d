// A form that is sent twice acts once: the second of two leads where the first one led. Invariant: only what ended in a
// redirect counts as sent; a form that was refused may be sent again.
import type { Context, MiddlewareHandler } from "hono";
import { readSessionSecret } from "../workers/auth/middleware.ts";
import type { AppEnv } from "../workers/core/app-env.ts";
import { ForgeError } from "../workers/core/errors.ts";
import { FORM_ANSWER_WAIT_MS } from "../workers/core/limits.ts";
import { readPostedForm } from "../workers/core/read-posted-form.ts";
import { type Holder, keepText, openSubmission, takeText } from "../workers/kept-texts/service.ts";
import { signInPath } from "./components/paths.ts";

const POLL_MS = 100;
const STATUS_SEE_OTHER = 303;

/**
 * For forms of who is signed in that carry `_once` (see `CsrfField`): a key of the rendered form. The same form with the
 * same content is the same submission; with other content it is another one.
 */
export const answerOnce: MiddlewareHandler<AppEnv> = async (context, next) => {
  const holder = findHolder(context);
  const name = holder === undefined ? undefined : await nameSubmission(context);
  if (holder === undefined || name === undefined) return next();
  const submission = await waitForTurn(context, holder, name);
  if (submission.state === "answered") {
    context.res = context.redirect(submission.location, STATUS_SEE_OTHER);
    return;
  }
  let location: string | null = null;
  try {
    await next();
    location = readLocation(context.res);
  } finally {
    await submission.settle(location);
  }
};

/** Keeps a text for the next look at the page, which alone shows it: for secrets that are shown once. */
export async function showOnce(context: Context<AppEnv>, pagePath: string, text: string): Promise<void> {
  const holder = findHolder(context);
  if (holder === undefined) throw new Error("only who is signed in is shown a secret");
  await keepText(context.get("database"), holder, `shown-once:${pagePath}`, text);
}

/** What was kept for this page, which is then gone. */
export async function takeShownOnce(context: Context<AppEnv>, pagePath: string): Promise<string | null> {
  const holder = findHolder(context);
  if (holder === undefined) return null;
  return (await takeText(context.get("database"), holder, `shown-once:${pagePath}`)) ?? null;
}

function findHolder(context: Context<AppEnv>): Holder | undefined {
  const [actor, secret] = [context.get("actor"), readSessionSecret(context)];
  if (actor.kind !== "user" || actor.credential.kind !== "session" || secret === undefined) return undefined;
  return { userId: actor.userId, secret };
}

async function nameSubmission(context: Context<AppEnv>): Promise<string | undefined> {
  const { method, path } = context.req;
  const isForm = context.req.header("content-type")?.startsWith("application/x-www-form-urlencoded");
  if (method !== "POST" || isForm !== true) return undefined;
  const form = await readPostedForm(context);
  return form._once === undefined ? undefined : `sent:${path}:${JSON.stringify(form)}`;
}

async function waitForTurn(context: Context<AppEnv>, holder: Holder, name: string) {
  for (const startedAtMs = Date.now(); Date.now() - startedAtMs < FORM_ANSWER_WAIT_MS; ) {
    const submission = await openSubmission(context.get("database"), holder, name);
    if (submission.state !== "being-answered") return submission;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new ForgeError("conflict", "This form was sent before and is still being worked on. Wait a moment.");
}

/** Where a form led; null where it did nothing yet, or was answered with a page. */
function readLocation(response: Response): string | null {
  const location = response.status === STATUS_SEE_OTHER ? response.headers.get("location") : null;
  const isAsked = location === signInPath || location?.startsWith(`${signInPath}/`) === true;
  return isAsked || location?.startsWith(`${signInPath}?`) === true ? null : location;
}
