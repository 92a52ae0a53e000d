// Who may fetch and push over HTTPS: a token as the password of Basic, or as a bearer; never a cookie.
import type { SQL } from "drizzle-orm";
import { authenticateOrCount } from "../auth/bad-tokens.ts";
import { findRefusal } from "../auth/permissions.ts";
import { readToken } from "../auth/read-token.ts";
import { describeRefusal } from "../auth/refusal.ts";
import { type Actor, ANONYMOUS } from "../core/actor.ts";
import { formatSeconds } from "../core/api-errors.ts";
import type { Database } from "../core/db.ts";
import { ForgeError } from "../core/errors.ts";
import type { GitAccess, GitActor, GitTarget } from "../git/http/dependencies.ts";
import type { Charge } from "../rate-limits/charge.ts";
import { toAddressKey } from "../rate-limits/limit-requests.ts";
import { findRules, type RequestRules } from "../rate-limits/request-rules.ts";
import { takeRequest } from "../rate-limits/service.ts";
import { judgeFoundRepository, judgeRepository } from "./service.ts";
import { readRepositoryColumn, repositoryColumn } from "./store.ts";

interface GitRequest {
  authorization: string | undefined;
  address: string;
  rateLimitFactor: number;
  /** The site's address, without a slash at its end, for links to the way out of a refusal. */
  publicUrl: string;
}

/**
 * Judges a git request by its Authorization header. Whoever isn't known is asked for a token before a 404. A token is
 * looked up, its request counted and the repository found with its owner's role in one statement; an address's request
 * is counted while the repository is looked up.
 */
export async function authoriseGit(
  database: Database,
  request: GitRequest,
  target: GitTarget,
): Promise<GitAccess> {
  const rules = findRules("git", request.rateLimitFactor);
  const { owner, name } = target;
  const beside = (userId: SQL | null) => repositoryColumn(owner, name, userId);
  if (request.authorization === undefined) return judgeNobody(database, request, rules, target);
  const found = await findGitActor(database, request, rules, beside);
  if ("refusal" in found) return found.refusal;
  const { actor, charge } = found;
  if (charge && !charge.allowed) return refuseForNow(charge.retryAfterMs);
  return toAccess(
    { actor, target, publicUrl: request.publicUrl },
    await judgeFoundRepository(
      database,
      actor,
      { owner, name, repository: readRepositoryColumn(found.beside) },
      actionOf(target),
    ),
  );
}

async function judgeNobody(
  database: Database,
  request: GitRequest,
  rules: RequestRules,
  target: GitTarget,
): Promise<GitAccess> {
  const { owner, name, service } = target;
  const counting = takeRequest(database, rules.perAddress, toAddressKey(request.address));
  // Nobody pushes, whatever there is: they are told so at the cost of nothing.
  const judging =
    service === "git-receive-pack"
      ? null
      : judgeRepository(database, ANONYMOUS, owner, name, actionOf(target));
  const [judged, taken] = await Promise.all([judging, counting]);
  if (!taken.allowed) return refuseForNow(taken.retryAfterMs);
  const { publicUrl } = request;
  return judged === null ? askForToken(publicUrl) : toAccess({ actor: ANONYMOUS, target, publicUrl }, judged);
}

const askForToken = (publicUrl: string): GitAccess => ({
  allowed: false,
  status: 401,
  message: `Sign in with an API token as the password. Create one at ${publicUrl}/settings/tokens`,
});

const refuseForNow = (retryAfterMs: number): GitAccess => ({
  allowed: false,
  status: 429,
  message: `Too many requests. Try again in ${formatSeconds(retryAfterMs)} s.`,
  retryAfterMs,
});

const actionOf = ({ service }: GitTarget) =>
  service === "git-receive-pack" ? "repository.write" : "repository.read";

interface Asked {
  actor: Actor;
  target: GitTarget;
  publicUrl: string;
}

function toAccess(
  { actor, target, publicUrl }: Asked,
  { verdict, repository, movedTo }: Awaited<ReturnType<typeof judgeRepository>>,
): GitAccess {
  if (repository && verdict === "allowed") {
    return {
      allowed: true,
      repository,
      principal: actor,
      actor: describePusher(actor),
    };
  }
  if (movedTo) return { allowed: false, status: 404, message: describeMissing(target, publicUrl), movedTo };
  if (actor.kind === "anonymous") return askForToken(publicUrl);
  const refusal = repository && findRefusal(actor, actionOf(target), repository);
  if (!refusal) return { allowed: false, status: 404, message: describeMissing(target, publicUrl) };
  const verb = target.service === "git-receive-pack" ? "push to" : "fetch from";
  return {
    allowed: false,
    status: 403,
    message: `You can't ${verb} ${showName(target)}. ${describeRefusal(refusal)}`,
  };
}

/** As it was asked for: escaped, since it may hold what a terminal obeys. */
const showName = ({ owner, name }: GitTarget): string =>
  `${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;

/** The same words for what isn't there and for what the client may not see. */
function describeMissing(target: GitTarget, publicUrl: string): string {
  const missing = `Repository ${showName(target)} not found, or this token has no access to it.`;
  if (target.service !== "git-receive-pack") return missing;
  const query = new URLSearchParams({ owner: target.owner, name: target.name });
  return `${missing}\nTo create it, open ${publicUrl}/new?${query}`;
}

function describePusher(actor: Actor): GitActor | null {
  if (actor.kind === "user") return { id: actor.userId, username: actor.username };
  return actor.kind === "deploy" ? { id: null, username: `deploy key ${actor.deployKeyId}` } : null;
}

async function findGitActor(
  database: Database,
  { authorization, address, publicUrl }: GitRequest,
  rules: RequestRules,
  beside: (userId: SQL | null) => SQL<unknown>,
): Promise<{ actor: Actor; charge: Charge | null; beside?: unknown } | { refusal: GitAccess }> {
  try {
    const token = readToken(authorization);
    if (token !== undefined) return await authenticateOrCount(database, token, { address, rules, beside });
  } catch (error) {
    if (error instanceof ForgeError && error.code === "too_many_requests") {
      const retryAfterMs = error.retryAfterMs ?? 0;
      return { refusal: { allowed: false, status: 429, message: error.message, retryAfterMs } };
    }
    if (!(error instanceof ForgeError) || error.code !== "unauthorized") throw error;
  }
  const message = `The token is unknown, expired or revoked. Create another one at ${publicUrl}/settings/tokens`;
  return { refusal: { allowed: false, status: 401, message } };
}
