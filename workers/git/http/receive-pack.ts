// POST git-receive-pack: pushes (gitprotocol-pack, "Pushing Data To a Server"). The response begins before the pack is
// in, so that progress and a last word reach the client however long it takes.
import type { Context } from "hono";
import type { AppEnv } from "../../core/app-env.ts";
import { PUSH_COMMANDS_LIMIT_BYTES } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { BodyReader, type BodyRest } from "../wire/body-reader.ts";
import type { ByteSink } from "../wire/byte-sink.ts";
import type { Capabilities } from "../wire/capabilities.ts";
import { expectsPack, type PushRequest, parsePushRequest } from "../wire/command-list.ts";
import { formatReport } from "../wire/report-status.ts";
import { SidebandWriter } from "../wire/sideband.ts";
import type { GitHttpDependencies } from "./dependencies.ts";
import { drainBody } from "./drain-body.ts";
import { answer, answerInStream, type ClientSink, refuse, reportFailure } from "./git-response.ts";
import { type OpenBody, openRequestBody } from "./request-body.ts";
import { type PushEnd, type Pusher, runPush } from "./run-push.ts";
import { startKeepAlive } from "./send-pack.ts";

const RECEIVE_RESULT = "application/x-git-receive-pack-result";

/** Serves a push. git's probe, an empty request, is answered with nothing. */
export async function serveReceivePack(
  context: Context<AppEnv>,
  dependencies: Pick<GitHttpDependencies, "preparePush">,
  pusher: Pusher,
): Promise<Response> {
  const opened = openRequestBody(context, "git-receive-pack");
  if ("refusal" in opened) return opened.refusal;
  const reader = new BodyReader(opened.body, PUSH_COMMANDS_LIMIT_BYTES);
  let capabilities: Capabilities | null = null;
  let push: PushRequest | null;
  try {
    push = await parsePushRequest(
      () => reader.readPacket(),
      (found) => {
        capabilities = found;
      },
    );
  } catch (thrown) {
    await reader.cancel();
    const error = opened.explain(thrown);
    if (!(error instanceof GitError)) throw error;
    return capabilities === null ? refuse(400, error.message) : answerFatal(context, capabilities, error);
  }
  if (push === null) {
    await reader.cancel();
    return answer(RECEIVE_RESULT, null);
  }
  const request = push;
  return answerInStream(context, RECEIVE_RESULT, (sink) =>
    answerPush(context, dependencies, pusher, request, { ...opened, ...reader.release() }, sink),
  );
}

async function answerPush(
  context: Context<AppEnv>,
  dependencies: Pick<GitHttpDependencies, "preparePush">,
  pusher: Pusher,
  push: PushRequest,
  rest: BodyRest & OpenBody,
  sink: ClientSink,
): Promise<void> {
  const { capabilities } = push;
  const out = new SidebandWriter(sink, capabilities.has("side-band-64k") ? "64k" : "none");
  const keepAlive = startKeepAlive(out);
  try {
    const end = await runPush({
      database: context.get("database"),
      objects: context.get("env").objects,
      pusher,
      push,
      rest: expectsPack(push) ? rest : null,
      say: capabilities.has("quiet") ? async () => undefined : (text) => out.progress(text),
      preparePush: (prepared) => dependencies.preparePush(context, prepared),
    });
    await drainBody(rest.body);
    for (const line of end.lines) await out.progress(`${line}\n`);
    if (end.lateFailure !== undefined) {
      await out.progress(`warning: the push is in, but then: ${reportFailure(context, end.lateFailure)}\n`);
    }
    await report(end, capabilities, out);
  } catch (thrown) {
    if (sink.isGone) throw thrown;
    const error = rest.explain(thrown);
    const isClients = error instanceof GitError;
    const unpackError = isClients ? error.message : reportFailure(context, error);
    if (!isClients) await drainBody(rest.body);
    const refusal = isClients ? "unpacker error" : "internal error";
    const refs = push.updates.map(({ name }) => ({ name, refusal }));
    await report({ unpackError, refs, lines: [] }, capabilities, out);
  } finally {
    keepAlive.stop();
  }
  await out.end();
}

async function report(end: PushEnd, capabilities: Capabilities, out: ByteSink): Promise<void> {
  if (!capabilities.has("report-status") && !capabilities.has("report-status-v2")) return;
  await out.write(formatReport(end.unpackError, end.refs));
}

function answerFatal(context: Context<AppEnv>, capabilities: Capabilities, error: GitError): Response {
  return answerInStream(context, RECEIVE_RESULT, async (sink) => {
    const out = new SidebandWriter(sink, capabilities.has("side-band-64k") ? "64k" : "none");
    await out.fatal(`${error.message}\n`);
    await out.end();
  });
}
