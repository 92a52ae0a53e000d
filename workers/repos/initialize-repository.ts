// The first commit of a repository that is made with `auto_init`: a README by its maker. Invariant: it goes the way of every
// push, with the same checks and limits, and so has its operation and its event.
import { createHash } from "node:crypto";
import type { Context } from "hono";
import type { UserActor } from "../core/actor.ts";
import type { AppEnv } from "../core/app-env.ts";
import { runInBackground } from "../core/background.ts";
import { readOrigin } from "../core/origin.ts";
import { runPush } from "../git/http/run-push.ts";
import { hashObject } from "../git/object/hash-object.ts";
import { type ObjectType, objectTypeCode } from "../git/object/object-type.ts";
import { type Oid, parseOid, ZERO_OID } from "../git/object/oid.ts";
import { encodeEntry, encodePackHeader } from "../git/pack/write-entry.ts";
import { parseCapabilityWords } from "../git/wire/capabilities.ts";
import { preparePush } from "../runs/push-hooks.ts";
import { type Repository, requireRepositoryById } from "./service.ts";

/**
 * Commits a README to the default branch of an empty repository. Where that fails, the repository stays, empty.
 * @returns the repository as it is then
 * @throws Error when the push of it was refused, which nobody expects of a new repository
 */
export async function initializeRepository(
  context: Context<AppEnv>,
  actor: UserActor,
  repository: Repository,
): Promise<Repository> {
  const [env, database, log] = [context.get("env"), context.get("database"), context.get("log")];
  const { oid, pack } = makeFirstCommit(repository, actor.username, new URL(env.publicUrl).hostname);
  const update = { name: `refs/heads/${repository.defaultBranch}`, before: ZERO_OID, after: oid };
  const { body } = new Response(pack);
  if (body === null) throw new Error("the pack of a first commit has no body");
  const services = { env, database, log, background: runInBackground.bind(null, context) };
  const { unpackError, refs, lateFailure } = await runPush({
    database,
    objects: env.objects,
    pusher: { repository, actor: { id: actor.userId, username: actor.username } },
    push: {
      updates: [update],
      capabilities: parseCapabilityWords("atomic"),
      options: [],
      shallows: new Set(),
    },
    rest: { initial: new Uint8Array(0), body },
    say: async () => undefined,
    preparePush: (push) => preparePush(services, { actor, origin: readOrigin(context) }, push),
  });
  const refusal = unpackError ?? refs[0]?.refusal;
  if (refusal) throw new Error(`a first commit was refused: ${refusal}`);
  if (lateFailure !== undefined) log.error("a first commit was pushed, but then", lateFailure);
  return requireRepositoryById(database, actor, repository.id, "repository.read");
}

function makeFirstCommit({ name, description }: Repository, username: string, host: string) {
  const readme = `# ${name}\n${description === "" ? "" : `\n${description}\n`}`;
  const entries: Uint8Array[] = [];
  const add = (type: ObjectType, bytes: Uint8Array): Oid => {
    entries.push(encodeEntry(objectTypeCode(type), bytes));
    return hashObject(type, bytes);
  };
  const blob = add("blob", encode(readme));
  const tree = add("tree", join([encode("100644 README.md\0"), parseOid(blob)]));
  const seconds = Math.floor(Date.now() / 1000);
  // Which of their addresses people show is their own matter.
  const ident = `${username} <${username}@users.noreply.${host}> ${seconds} +0000`;
  const lines = [`tree ${tree}`, `author ${ident}`, `committer ${ident}`, "", "Initial commit", ""];
  const oid = add("commit", encode(lines.join("\n")));
  const content = join([encodePackHeader(entries.length), ...entries]);
  return { oid, pack: join([content, createHash("sha1").update(content).digest()]) };
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
