// People, credentials, repositories and runs for tests on workerd, each with names of its own,
// so that tests share one database without meeting.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { accessTokens, signInLinks, users } from "../../schema/tables/auth.ts";
import { createToken, hashSecret, randomBase62 } from "../../schema/token.ts";
import { app } from "../app.ts";
import { createDatabase, type Database } from "../core/db.ts";
import { parseEnv } from "../core/env.ts";
import { createRepository } from "../repos/service.ts";
import type { PushPlan } from "../runs/plan-push.ts";
import { writeRuns } from "../runs/write-runs.ts";
import { PARSER_VERSION, parseWorkflow } from "../workflows/parse-workflow.ts";

export const database: Database = createDatabase(parseEnv(env));

export interface Person {
  id: number;
  username: string;
  /** An API token with every scope. */
  token: string;
}

export async function createPerson(scopes: string[] = ["admin"]): Promise<Person> {
  const username = `u${randomBase62(12)}`;
  const [user] = await database.query.insert(users).values({ username }).returning({ id: users.id });
  if (!user) throw new Error("no user was made");
  return { id: user.id, username, token: await giveToken(user.id, scopes) };
}

export async function giveToken(
  userId: number,
  scopes: string[],
  state: { expiresAt?: Date; revokedAt?: Date } = {},
): Promise<string> {
  const token = createToken("plue_");
  const tokenHash = await hashSecret(token);
  await database.query
    .insert(accessTokens)
    .values({ userId, name: "test", tokenHash, tokenPrefix: token.slice(0, 9), scopes, ...state });
  return token;
}

/** The path of a new one-time link. */
export async function giveLink(userId: number, expiresAt = new Date(Date.now() + 60_000)): Promise<string> {
  const secret = randomBase62(43);
  await database.query
    .insert(signInLinks)
    .values({ userId, secretHash: await hashSecret(secret), expiresAt });
  return `/login/once/${secret}`;
}

type RequestInitWithCredential = RequestInit & { token?: string; cookie?: string };

/** Sends a request through the whole app, and waits for what it left to be done. */
export async function send(path: string, init: RequestInitWithCredential = {}) {
  const context = createExecutionContext();
  const response = await app.fetch(makeRequest(path, init), env, context);
  await waitOnExecutionContext(context);
  return response;
}

/** As `send`, without waiting for the rest: for an answer that goes on, whose body the caller reads or cancels. */
export const begin = async (path: string, init: RequestInitWithCredential = {}): Promise<Response> =>
  app.fetch(makeRequest(path, init), env, createExecutionContext());

function makeRequest(path: string, init: RequestInitWithCredential): Request {
  const headers = new Headers(init.headers);
  if (init.token !== undefined) headers.set("authorization", `Bearer ${init.token}`);
  if (init.cookie !== undefined) headers.set("cookie", init.cookie);
  return new Request(`http://plue.test${path}`, { redirect: "manual", ...init, headers });
}

export async function makeRepository(
  person: Person,
  isPrivate = false,
): Promise<{ id: number; name: string }> {
  const name = `r${randomBase62(10)}`;
  const credential = { kind: "token" as const, tokenId: 0, scopes: ["admin"], repositoryIds: null };
  const actor = {
    kind: "user" as const,
    userId: person.id,
    username: person.username,
    isAdmin: false,
    credential,
  };
  return createRepository(database, actor, {
    name,
    description: "",
    visibility: isPrivate ? "private" : "public",
  });
}

const HEAD_SHA = "1".repeat(40);

/** A run of the workflow in `yaml`, as a push would have made it. */
export async function makeRun(
  person: Person,
  repositoryId: number,
  yaml: string,
): Promise<{ id: number; number: number }> {
  const parsed = parseWorkflow(yaml, "ci.yaml");
  if (!parsed.parsed) throw new Error(parsed.problem.message);
  const file = {
    id: null,
    parserVersion: PARSER_VERSION,
    path: ".plue/workflows/ci.yaml",
    blobOid: "2".repeat(40),
    name: parsed.definition.name,
    parsed,
  };
  const ref = { name: "refs/heads/main", before: "0".repeat(40), after: HEAD_SHA };
  const plan: PushPlan = {
    notices: [],
    files: [file],
    runs: [{ ref: ref.name, headSha: HEAD_SHA, title: "A change", file }],
  };
  const { made } = await database.transaction((transaction) =>
    writeRuns(transaction, { repositoryId, actorId: person.id }, plan, [ref]),
  );
  const [run] = made;
  if (!run) throw new Error("no run was made");
  return run;
}
