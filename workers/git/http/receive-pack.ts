// POST git-receive-pack: pushes (gitprotocol-pack, "Pushing Data To a Server"). Invariant: the response begins when the body
// was read to its end, since a proxy may stop sending a request on once it is answered, and no later, so that the client
// hears from the work that follows.

import type { Context } from "hono";
import type { AppEnv } from "../../core/app-env.ts";
import { runInBackground } from "../../core/background.ts";
import { BodyFailure } from "../body-failure.ts";
import { PUSH_COMMANDS_LIMIT_BYTES } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { BodyReader, type BodyRest } from "../wire/body-reader.ts";
import type { ByteSink } from "../wire/byte-sink.ts";
import type { Capabilities } from "../wire/capabilities.ts";
import { expectsPack, type PushRequest, parsePushRequest } from "../wire/command-list.ts";
import { formatReport } from "../wire/report-status.ts";
import { type SidebandKind, SidebandWriter } from "../wire/sideband.ts";
import type { GitHttpDependencies } from "./dependencies.ts";
import { drainBody } from "./drain-body.ts";
import { answer, answerInStream, type ClientSink, refuse, reportFailure } from "./git-response.ts";
import { type OpenBody, openRequestBody } from "./request-body.ts";
import { nameOf, type PushEnd, type Pusher, runPush } from "./run-push.ts";
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
  try {
    const push = await parsePushRequest(
      () => reader.readPacket(),
      (found) => {
        capabilities = found;
      },
    );
    const rest = reader.release();
    if (push !== null) return await servePush(context, dependencies, pusher, push, { ...opened, ...rest });
    await drainBody(rest.body);
    return answer(RECEIVE_RESULT, null);
  } catch (thrown) {
    const error = opened.explain(thrown);
    if (!(error instanceof GitError)) throw error;
    if (thrown instanceof BodyFailure) return refuse(400, error.message);
    if (!reader.isOver) await drainBody(reader.release().body);
    return capabilities === null ? refuse(400, error.message) : answerFatal(context, capabilities, error);
  }
}

/** How a push came out, or what it met. */
type Settled = { readonly end: PushEnd } | { readonly thrown: unknown };

// Throws what the body met before its end. It is read even where the push was over before.
async function servePush(
  context: Context<AppEnv>,
  dependencies: Pick<GitHttpDependencies, "preparePush">,
  pusher: Pusher,
  push: PushRequest,
  rest: BodyRest & OpenBody,
): Promise<Response> {
  const { capabilities } = push;
  const voice = new PusherVoice(capabilities);
  const received = Promise.withResolvers<void>();
  const settled: Promise<Settled> = runPush({
    database: context.get("database"),
    objects: context.get("env").objects,
    pusher,
    push,
    rest: expectsPack(push) ? rest : null,
    say: (text) => voice.say(text),
    onReceived: received.resolve,
    preparePush: (prepared) => dependencies.preparePush(context, prepared),
  }).then(
    (end) => ({ end }),
    (thrown: unknown) => ({ thrown }),
  );
  // It goes on when the client is gone; its end is told and logged below.
  runInBackground(context, "a push was not ended", () => settled);
  const early = await Promise.race([settled, received.promise]);
  if (early !== undefined) {
    if ("thrown" in early && early.thrown instanceof BodyFailure) throw early.thrown;
    await drainBody(rest.body);
  }
  return answerInStream(context, RECEIVE_RESULT, (sink) =>
    answerPush(context, push, rest, { sink, out: voice.open(sink) }, settled),
  );
}

/** What is said to the person while the push goes on: nothing before the answer may begin, and nothing to the quiet. */
class PusherVoice {
  private out: SidebandWriter | null = null;
  private readonly kind: SidebandKind;
  private readonly isQuiet: boolean;

  constructor(capabilities: Capabilities) {
    this.kind = capabilities.has("side-band-64k") ? "64k" : "none";
    this.isQuiet = capabilities.has("quiet");
  }

  open(sink: ClientSink): SidebandWriter {
    this.out = new SidebandWriter(sink, this.kind);
    return this.out;
  }

  /** Says how it goes, in the place of what was said before. */
  async say(text: string): Promise<void> {
    if (!this.isQuiet) await this.out?.progress(text, "\r");
  }
}

async function answerPush(
  context: Context<AppEnv>,
  push: PushRequest,
  { explain }: OpenBody,
  { sink, out }: { readonly sink: ClientSink; readonly out: SidebandWriter },
  settled: Promise<Settled>,
): Promise<void> {
  const { capabilities } = push;
  const keepAlive = startKeepAlive(out);
  try {
    const outcome = await settled;
    if ("end" in outcome) {
      const { end } = outcome;
      for (const line of end.lines) await out.progress(line);
      if (end.lateFailure !== undefined) {
        await out.progress(`warning: the push is in, but then: ${reportFailure(context, end.lateFailure)}`);
      }
      await report(end, capabilities, out);
    } else {
      if (sink.isGone) throw outcome.thrown;
      const error = explain(outcome.thrown);
      const isClients = error instanceof GitError;
      const unpackError = isClients ? error.message : reportFailure(context, error);
      const refusal = isClients ? "unpacker error" : "internal error";
      const refs = push.updates.map((update) => ({ ...nameOf(update), refusal }));
      await report({ unpackError, refs, lines: [] }, capabilities, out);
    }
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
    await out.fatal(error.message);
    await out.end();
  });
}
