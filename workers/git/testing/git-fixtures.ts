// A repository with git's routes in front of it, for tests on workerd: pushes and fetches through HTTP as clients make
// them, and what is then in Postgres and R2.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { and, asc, eq } from "drizzle-orm";
import { Hono } from "hono";
import { outbox } from "../../../schema/tables/events.ts";
import { packs, refOperations, refs } from "../../../schema/tables/git.ts";
import type { AppEnv } from "../../core/app-env.ts";
import { provideContext } from "../../core/request-context.ts";
import { createPerson, database, makeRepository } from "../../testing/fixtures.ts";
import type { GitRepository, PreparedPush, PushContext } from "../http/dependencies.ts";
import { createGitRoutes } from "../http/routes.ts";
import type { RefUpdate } from "../wire/command-list.ts";
import { type Answer, encodeCommand, encodePush, readAnswer } from "./git-requests.ts";

/** Of a push that no rule is against, and that means nothing beyond its refs. */
export const NO_HOOKS: PreparedPush = {
  judge: async () => new Map(),
  commit: async () => undefined,
  committed: async () => [],
};

export interface TestRepository extends GitRepository {
  readonly actor: { id: number; username: string };
  /** What the next pushes do beyond moving refs. */
  hooks: (push: PushContext) => Promise<PreparedPush>;
}

export async function openTestRepository(): Promise<TestRepository> {
  const person = await createPerson();
  const { id, name } = await makeRepository(person);
  const { username } = person;
  return {
    ...{ id, owner: username, name, defaultBranch: "main", isPrivate: false },
    actor: { id: person.id, username },
    hooks: async () => NO_HOOKS,
  };
}

/** Sends a request to the repository's routes and waits for all that it left to be done. */
export async function request(
  repository: TestRepository,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const app = new Hono<AppEnv>();
  app.use(provideContext);
  app.route(
    "/",
    createGitRoutes({
      authorise: async () => ({ allowed: true, repository, actor: repository.actor }),
      preparePush: (_context, push) => repository.hooks(push),
    }),
  );
  const context = createExecutionContext();
  const address = `http://plue.test/${repository.owner}/${repository.name}.git/${path}`;
  const response = await app.fetch(new Request(address, init), env, context);
  const body = await response.arrayBuffer();
  await waitOnExecutionContext(context);
  return new Response(body, response);
}

/** Posts a body to a service as git does. */
export async function post(
  repository: TestRepository,
  service: "git-upload-pack" | "git-receive-pack",
  body: BodyInit,
  headers: Record<string, string> = {},
): Promise<Response> {
  return request(repository, service, {
    method: "POST",
    body,
    headers: { "content-type": `application/x-${service}-request`, ...headers },
  });
}

/** Pushes and gives the report's lines, and what the person was told. */
export async function push(
  repository: TestRepository,
  updates: readonly RefUpdate[],
  pack: Uint8Array | null,
  more?: string,
): Promise<{ report: string[]; told: string }> {
  const response = await post(repository, "git-receive-pack", encodePush(updates, pack, more));
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  const { data, progress, fatal } = readAnswer(new Uint8Array(await response.arrayBuffer()));
  return { report: readAnswer(data).lines, told: progress + fatal };
}

/** Runs a command of protocol v2. */
export async function command(
  repository: TestRepository,
  name: string,
  args: readonly string[],
): Promise<Answer> {
  const headers = { "git-protocol": "version=2" };
  const response = await post(repository, "git-upload-pack", encodeCommand(name, args), headers);
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return readAnswer(new Uint8Array(await response.arrayBuffer()));
}

interface RepositoryState {
  readonly refs: Record<string, string>;
  readonly packs: number;
  readonly operations: number;
  readonly pushEvents: number;
  /** Keys in R2, without what they all begin with. */
  readonly keys: string[];
}

/** Everything that a push could have changed. */
export async function readState({ id }: TestRepository): Promise<RepositoryState> {
  const { query } = database;
  const prefix = `repos/${id}/`;
  const refRows = await query.select().from(refs).where(eq(refs.repositoryId, id)).orderBy(asc(refs.name));
  const events = await query
    .select()
    .from(outbox)
    .where(and(eq(outbox.repositoryId, id), eq(outbox.topic, "push")));
  const listed = await env.OBJECTS.list({ prefix });
  return {
    refs: Object.fromEntries(refRows.map((ref) => [ref.name, ref.oid])),
    packs: (await query.select().from(packs).where(eq(packs.repositoryId, id))).length,
    operations: (await query.select().from(refOperations).where(eq(refOperations.repositoryId, id))).length,
    pushEvents: events.length,
    keys: listed.objects.map(({ key }) => key.slice(prefix.length)),
  };
}

export const EMPTY_STATE: RepositoryState = { refs: {}, packs: 0, operations: 0, pushEvents: 0, keys: [] };
