// The commands of protocol v2 (gitprotocol-v2): ls-refs, fetch, object-info, bundle-uri.
import { runInBackground } from "../../core/background.ts";
import { COMMAND_LINE_LIMIT } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { isOid, type Oid } from "../object/oid.ts";
import { NOT_HERE } from "../pack/pack-set.ts";
import { reachesCommon } from "../pack/plan-fetch-common.ts";
import { findVisible } from "../store/find-invisible.ts";
import { findRefs, pageRefs, startPages } from "../store/refs.ts";
import { formatBundleList } from "../wire/bundle-header.ts";
import { requireSha1 } from "../wire/capabilities.ts";
import { addFetchArgument, type FetchRequest, FetchRequestBuilder } from "../wire/fetch-request.ts";
import { formatRefLine, formatUnbornHead, matchesPrefixes, parseLsRefs } from "../wire/ls-refs.ts";
import { decodePacketText, PacketBuffer } from "../wire/pkt-line.ts";
import { BandedPacketBuffer } from "../wire/sideband.ts";
import { AnswerRecorder, findAnswer, keepAnswer } from "./answer-cache.ts";
import { offerBundle } from "./bundles.ts";
import { answer, answerInStream, answerPages, withCacheHeader } from "./git-response.ts";
import { type AdmittedFetch, admitFetch, findKnown, type OpenFetch, openFetch } from "./open-fetch.ts";
import { type FoundPlan, planOpenFetch, sendPack, writeShallowLines } from "./send-pack.ts";
import { type FetchRequestContext, UPLOAD_RESULT } from "./upload-pack.ts";

/** Reads and serves one command. An empty request, as git's probe, is answered with nothing. */
export async function serveCommand(request: FetchRequestContext): Promise<Response> {
  const { command, hasArguments } = await readCommand(request);
  if (!hasArguments) await request.readToEnd();
  if (command === null) return answer(UPLOAD_RESULT, null);
  const lines = readArguments(request, hasArguments);
  if (command === "ls-refs") return serveLsRefs(request, lines);
  if (command === "fetch") return serveFetch(request, lines);
  if (command === "object-info") return serveObjectInfo(request, lines);
  if (command === "bundle-uri") return serveBundleList(request, lines);
  throw new GitError("bad_protocol", `invalid command '${command.slice(0, 100)}'`);
}

async function readCommand(
  request: FetchRequestContext,
): Promise<{ command: string | null; hasArguments: boolean }> {
  let command: string | null = null;
  for (let count = 0; count < COMMAND_LINE_LIMIT; count++) {
    const packet = await request.next();
    if (packet === null || packet === "flush") return { command, hasArguments: false };
    if (packet === "delim") return { command, hasArguments: true };
    if (packet === "response-end") break;
    const line = decodePacketText(packet);
    if (line.startsWith("command=")) command = line.slice("command=".length);
    else if (line.startsWith("object-format=")) requireSha1(line.slice("object-format=".length));
  }
  throw new GitError("bad_protocol", "protocol error: unexpected line in a command's capabilities");
}

async function* readArguments(request: FetchRequestContext, hasArguments: boolean): AsyncGenerator<string> {
  if (!hasArguments) return;
  for (let packet = await request.next(); packet !== "flush"; packet = await request.next()) {
    if (packet === null)
      throw new GitError("bad_protocol", "protocol error: the request ends before its flush");
    if (typeof packet === "string")
      throw new GitError("bad_protocol", `protocol error: unexpected ${packet}`);
    yield decodePacketText(packet);
  }
  await request.readToEnd();
}

async function collect(lines: AsyncGenerator<string>): Promise<string[]> {
  const collected: string[] = [];
  for await (const line of lines) {
    collected.push(line);
  }
  return collected;
}

async function serveLsRefs(request: FetchRequestContext, lines: AsyncGenerator<string>): Promise<Response> {
  const { peel, symrefs, unborn, prefixes } = parseLsRefs(await collect(lines));
  const { database, repository, context } = request;
  const out = new PacketBuffer();
  const pages = startPages(pageRefs(database.query, repository.id, prefixes));
  if (matchesPrefixes("HEAD", prefixes)) {
    const target = `refs/heads/${repository.defaultBranch}`;
    const [head] = await findRefs(database.query, repository.id, [target]);
    if (head !== undefined) {
      out.line(formatRefLine("HEAD", head.oid, { symrefTarget: symrefs ? target : null }));
    } else if (unborn) out.line(formatUnbornHead(target));
  }
  return answerPages(
    context,
    UPLOAD_RESULT,
    out,
    pages,
    (page) => {
      for (const { name, oid, peeled } of page) {
        out.line(formatRefLine(name, oid, { peeled: peel ? peeled : null }));
      }
    },
    () => out.flush(),
  );
}

async function serveFetch(request: FetchRequestContext, lines: AsyncGenerator<string>): Promise<Response> {
  const builder = new FetchRequestBuilder();
  try {
    for await (const line of lines) addFetchArgument(builder, line);
    return await answerFetch(request, builder.build());
  } catch (error) {
    if (!(error instanceof GitError) || !builder.sidebandAll) throw error;
    const out = new BandedPacketBuffer();
    out.fatal(error.message);
    out.flush();
    return answer(UPLOAD_RESULT, out.take());
  }
}

async function answerFetch(request: FetchRequestContext, asked: FetchRequest): Promise<Response> {
  if (asked.wants.length + asked.wantRefs.length === 0 && !asked.waitForDone) {
    return answer(UPLOAD_RESULT, null);
  }
  const admitted = await admitFetch(request, asked);
  const kept = await findKept(request, admitted);
  if (kept !== null) return withCacheHeader(answer(UPLOAD_RESULT, kept), "HIT");
  const fetch = await openFetch(request, admitted);
  const haves = findKnown(fetch.packs.set, asked.haves);
  const out = asked.sidebandAll ? new BandedPacketBuffer() : new PacketBuffer();
  if (!asked.isDone && asked.haves.length > 0 && !acknowledge(out, asked, fetch, haves)) {
    out.flush();
    return answer(UPLOAD_RESULT, out.take());
  }
  const plan = await planOpenFetch(request, fetch, haves);
  if (asked.deepen !== null || asked.shallows.length > 0) {
    out.line("shallow-info");
    writeShallowLines(out, fetch, plan.shallow);
    out.delim();
  }
  if (fetch.wantedRefs.length > 0) {
    out.line("wanted-refs");
    for (const { name, oid } of fetch.wantedRefs) out.line(`${oid} ${name}`);
    out.delim();
  }
  out.line("packfile");
  return sendAnswer(request, fetch, plan, out.take());
}

/** An equal question's whole answer. That it can't be looked for is no failure: it is then made. */
async function findKept({ context }: FetchRequestContext, { names }: AdmittedFetch) {
  if (names === null) return null;
  try {
    return await findAnswer(names.answer);
  } catch (error) {
    context.get("log").warn("the cache of answers failed", { error: String(error) });
    return null;
  }
}

/** Sends the pack behind `head`. An answer whose question was asked before is kept. */
function sendAnswer(
  request: FetchRequestContext,
  fetch: OpenFetch,
  plan: FoundPlan,
  head: Uint8Array,
): Response {
  const { context } = request;
  // Keeping takes longer than making most answers that nobody asks for twice.
  const name = plan.isReused && fetch.names !== null ? fetch.names.answer : null;
  const response = answerInStream(context, UPLOAD_RESULT, async (sink) => {
    if (name === null) {
      await sink.write(head);
      await sendPack(context, fetch, plan, sink);
      return;
    }
    const recorder = new AnswerRecorder(sink);
    try {
      await recorder.write(head);
      const isWhole = await sendPack(context, fetch, plan, recorder);
      const bytes = recorder.take();
      if (isWhole && bytes !== null) keepInBackground(request, name, bytes);
    } finally {
      recorder.drop();
    }
  });
  return withCacheHeader(response, plan.isReused ? "PLAN" : "MISS");
}

function keepInBackground(
  { context }: FetchRequestContext,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): void {
  runInBackground(context, "an answer wasn't kept", () => keepAnswer(name, bytes), "warn");
}

/** Writes the section that says which haves are common; true when the pack may follow it. */
function acknowledge(
  out: PacketBuffer,
  asked: FetchRequest,
  { packs, wants }: OpenFetch,
  common: readonly number[],
): boolean {
  out.line("acknowledgments");
  if (common.length === 0) out.line("NAK");
  for (const number of new Set(common)) out.line(`ACK ${packs.set.oidAt(number)}`);
  if (asked.waitForDone || !reachesCommon(packs.set, wants, common)) return false;
  out.line("ready");
  out.delim();
  return true;
}

async function serveObjectInfo(
  request: FetchRequestContext,
  lines: AsyncGenerator<string>,
): Promise<Response> {
  const builder = new FetchRequestBuilder();
  let wantsSize = false;
  for await (const line of lines) {
    if (line === "size") wantsSize = true;
    else if (line.startsWith("oid ") && isOid(line.slice(4))) builder.addWant(line.slice(4));
    else throw new GitError("bad_protocol", `object-info: unexpected line: '${line.slice(0, 200)}'`);
  }
  const out = new PacketBuffer();
  if (builder.wants.length > 0) {
    if (wantsSize) out.text("size");
    const sizeOf = await openSizes(request, builder.wants);
    for (const oid of builder.wants) out.text(wantsSize ? `${oid} ${sizeOf(oid) ?? ""}` : oid);
  }
  out.flush();
  return answer(UPLOAD_RESULT, out.take());
}

/** The sizes of those objects that the reader may see; undefined for all others. */
async function openSizes(
  request: FetchRequestContext,
  oids: readonly Oid[],
): Promise<(oid: Oid) => number | undefined> {
  const { snapshot, packs } = await openFetch(
    request,
    await admitFetch(request, new FetchRequestBuilder().build()),
  );
  const { set } = packs;
  const stored = oids.filter((oid) => set.find(oid) !== NOT_HERE);
  const isVisible = await findVisible(request.database.query, snapshot, set, stored);
  return (oid) => {
    const number = set.find(oid);
    return number !== NOT_HERE && isVisible(number) ? set.sizeAt(number) : undefined;
  };
}

async function serveBundleList(
  request: FetchRequestContext,
  lines: AsyncGenerator<string>,
): Promise<Response> {
  for (const line of await collect(lines)) {
    throw new GitError("bad_protocol", `bundle-uri: unexpected line: '${line.slice(0, 200)}'`);
  }
  const out = new PacketBuffer();
  for (const line of formatBundleList(await offerBundle(request))) out.line(line);
  out.flush();
  return answer(UPLOAD_RESULT, out.take());
}
