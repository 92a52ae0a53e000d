// POST git-upload-pack: fetches and clones, in v2 by command, in v0 and v1 as one negotiation.
import type { Context } from "hono";
import type { AppEnv } from "../../core/app-env.ts";
import { BodyFailure } from "../body-failure.ts";
import { FETCH_REQUEST_LIMIT_BYTES } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { BodyReader } from "../wire/body-reader.ts";
import { parseProtocolVersion } from "../wire/capabilities.ts";
import type { Packet } from "../wire/pkt-line.ts";
import type { GitRepository } from "./dependencies.ts";
import { serveFetchV0 } from "./fetch-v0.ts";
import { serveCommand } from "./fetch-v2.ts";
import { answerError, refuse } from "./git-response.ts";
import type { FetchContext } from "./open-fetch.ts";
import { openRequestBody } from "./request-body.ts";

export const UPLOAD_RESULT = "application/x-git-upload-pack-result";

/** What the handlers of a fetch are given. */
export interface FetchRequestContext extends FetchContext {
  /** The request's lines; null at its end. */
  next(): Promise<Packet | null>;
  /** To be called before an answer begins: a proxy may stop sending the request on once it sees one. */
  readToEnd(): Promise<void>;
  readonly buildVersion: string;
  /** Answers with a stream. */
  readonly context: Context<AppEnv>;
}

/** Serves one request of a fetch. What the client did wrong is answered in the protocol, once it spoke it at all. */
export async function serveUploadPack(
  context: Context<AppEnv>,
  repository: GitRepository,
): Promise<Response> {
  const opened = openRequestBody(context, "git-upload-pack");
  if ("refusal" in opened) return opened.refusal;
  const reader = new BodyReader(opened.body, FETCH_REQUEST_LIMIT_BYTES);
  let isSpoken = false;
  const request: FetchRequestContext = {
    bucket: context.get("env").objects,
    database: context.get("database"),
    repository,
    buildVersion: context.get("env").buildVersion,
    context,
    async next() {
      const packet = await reader.readPacket();
      isSpoken = true;
      return packet;
    },
    readToEnd: () => reader.readToEnd(),
  };
  const version = parseProtocolVersion(context.req.header("git-protocol"));
  try {
    return version === 2 ? await serveCommand(request) : await serveFetchV0(request);
  } catch (thrown) {
    const error = opened.explain(thrown);
    if (!(error instanceof GitError)) throw error;
    return isSpoken && !(thrown instanceof BodyFailure)
      ? answerError(UPLOAD_RESULT, error)
      : refuse(400, error.message);
  } finally {
    await reader.cancel();
  }
}
