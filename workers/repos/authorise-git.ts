// Who may fetch and push over HTTPS: a token as the password of Basic, or as a bearer; never a cookie.
import { readToken } from "../auth/read-token.ts";
import { authenticateToken } from "../auth/service.ts";
import { type Actor, ANONYMOUS } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import { ForgeError } from "../core/errors.ts";
import type { GitAccess, GitTarget } from "../git/http/dependencies.ts";
import { judgeRepository } from "./service.ts";

const SIGN_IN = "Sign in with an API token as the password.";

/** Judges a git request by its Authorization header. Whoever isn't known is asked for a token before a 404. */
export async function authoriseGit(
  database: Database,
  header: string | undefined,
  target: GitTarget,
): Promise<GitAccess> {
  const actor = await findGitActor(database, header);
  if (actor === "bad")
    return { allowed: false, status: 401, message: "The token is unknown, expired or revoked." };
  const action = target.service === "git-receive-pack" ? "repository.write" : "repository.read";
  const { verdict, repository } = await judgeRepository(database, actor, target.owner, target.name, action);
  if (repository && verdict === "allowed") {
    return {
      allowed: true,
      repository,
      principal: actor,
      actor: actor.kind === "user" ? { id: actor.userId, username: actor.username } : null,
    };
  }
  if (actor.kind === "anonymous") return { allowed: false, status: 401, message: SIGN_IN };
  if (verdict === "hidden") return { allowed: false, status: 404, message: "Repository not found." };
  return {
    allowed: false,
    status: 403,
    message: `This token may not push to ${target.owner}/${target.name}.`,
  };
}

async function findGitActor(database: Database, header: string | undefined): Promise<Actor | "bad"> {
  if (header === undefined) return ANONYMOUS;
  try {
    const token = readToken(header);
    return token === undefined ? "bad" : await authenticateToken(database, token);
  } catch (error) {
    if (error instanceof ForgeError && error.code === "unauthorized") return "bad";
    throw error;
  }
}
