// Who may fetch and push over HTTPS: a token as the password of Basic, or as a bearer; never a cookie.
import { authenticateOrCount } from "../auth/bad-tokens.ts";
import { readToken } from "../auth/read-token.ts";
import { type Actor, ANONYMOUS } from "../core/actor.ts";
import { formatSeconds } from "../core/api-errors.ts";
import type { Database } from "../core/db.ts";
import { ForgeError } from "../core/errors.ts";
import type { GitAccess, GitActor, GitTarget } from "../git/http/dependencies.ts";
import type { Charge } from "../rate-limits/charge.ts";
import { toAddressKey } from "../rate-limits/limit-requests.ts";
import { findRules, type RequestRules } from "../rate-limits/request-rules.ts";
import { takeRequest } from "../rate-limits/service.ts";
import { judgeRepository } from "./service.ts";

const SIGN_IN = "Sign in with an API token as the password.";

interface GitRequest {
  authorization: string | undefined;
  address: string;
  rateLimitFactor: number;
}

/**
 * Judges a git request by its Authorization header. Whoever isn't known is asked for a token before a 404. A token's
 * request is counted where the token is looked up, an address's while the repository is.
 */
export async function authoriseGit(
  database: Database,
  request: GitRequest,
  target: GitTarget,
): Promise<GitAccess> {
  const rules = findRules("git", request.rateLimitFactor);
  const found = await findGitActor(database, request, rules);
  if ("refusal" in found) return found.refusal;
  const { actor, charge } = found;
  if (charge && !charge.allowed) return refuseForNow(charge.retryAfterMs);
  const address = toAddressKey(request.address);
  const counting = actor.kind === "anonymous" ? takeRequest(database, rules.perAddress, address) : null;
  const [access, taken] = await Promise.all([judgeGit(database, actor, target), counting]);
  return taken && !taken.allowed ? refuseForNow(taken.retryAfterMs) : access;
}

const refuseForNow = (retryAfterMs: number): GitAccess => ({
  allowed: false,
  status: 429,
  message: `Too many requests. Try again in ${formatSeconds(retryAfterMs)} s.`,
  retryAfterMs,
});

async function judgeGit(database: Database, actor: Actor, target: GitTarget): Promise<GitAccess> {
  const action = target.service === "git-receive-pack" ? "repository.write" : "repository.read";
  const { verdict, repository, movedTo } = await judgeRepository(
    database,
    actor,
    target.owner,
    target.name,
    action,
  );
  if (repository && verdict === "allowed") {
    return {
      allowed: true,
      repository,
      principal: actor,
      actor: describePusher(actor),
    };
  }
  if (movedTo) return { allowed: false, status: 404, message: "Repository not found.", movedTo };
  if (actor.kind === "anonymous") return { allowed: false, status: 401, message: SIGN_IN };
  if (verdict === "hidden") return { allowed: false, status: 404, message: "Repository not found." };
  return {
    allowed: false,
    status: 403,
    message: `This token may not push to ${target.owner}/${target.name}.`,
  };
}

function describePusher(actor: Actor): GitActor | null {
  if (actor.kind === "user") return { id: actor.userId, username: actor.username };
  return actor.kind === "deploy" ? { id: null, username: `deploy key ${actor.deployKeyId}` } : null;
}

async function findGitActor(
  database: Database,
  { authorization, address }: GitRequest,
  rules: RequestRules,
): Promise<{ actor: Actor; charge: Charge | null } | { refusal: GitAccess }> {
  if (authorization === undefined) return { actor: ANONYMOUS, charge: null };
  try {
    const token = readToken(authorization);
    if (token !== undefined) return await authenticateOrCount(database, token, { address, rules });
  } catch (error) {
    if (error instanceof ForgeError && error.code === "too_many_requests") {
      const retryAfterMs = error.retryAfterMs ?? 0;
      return { refusal: { allowed: false, status: 429, message: error.message, retryAfterMs } };
    }
    if (!(error instanceof ForgeError) || error.code !== "unauthorized") throw error;
  }
  return { refusal: { allowed: false, status: 401, message: "The token is unknown, expired or revoked." } };
}
