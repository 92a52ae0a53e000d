// A fetch in protocol v0 or v1 (gitprotocol-pack): wants, edge and haves in one request, answered in one response.
import { COMMIT } from "../object/object-type.ts";
import type { Oid } from "../object/oid.ts";
import { NOT_HERE, type PackSet } from "../pack/pack-set.ts";
import { forEachParent } from "../pack/plan-fetch-commits.ts";
import { reachesCommon } from "../pack/plan-fetch-common.ts";
import { PacketBuffer } from "../wire/pkt-line.ts";
import { answerNegotiation, parseUploadRequest, testSparingly } from "../wire/upload-request.ts";
import { answer, answerInStream, withCacheHeader } from "./git-response.ts";
import { admitFetch, findKnown, openFetch } from "./open-fetch.ts";
import { planOpenFetch, sendPack, writeShallowLines } from "./send-pack.ts";
import { type FetchRequestContext, UPLOAD_RESULT } from "./upload-pack.ts";

/** Serves the request. One that wants nothing, as git's probe, is answered with nothing. */
export async function serveFetchV0(request: FetchRequestContext): Promise<Response> {
  const upload = await parseUploadRequest(request.next);
  await request.readToEnd();
  if (upload === null) return answer(UPLOAD_RESULT, null);
  const asked = upload.fetch;
  const fetch = await openFetch(request, await admitFetch(request, asked));
  const { set } = fetch.packs;
  const { lines, sendPack: isPackNext } = answerNegotiation(
    upload,
    (oid) => set.find(oid) !== NOT_HERE,
    testSparingly((common) => reachesCommon(set, fetch.wants, findKnown(set, common))),
    (oid) => listParents(set, oid),
  );
  const out = new PacketBuffer();
  if (!isPackNext && asked.deepen === null) {
    for (const line of lines) out.line(line);
    return answer(UPLOAD_RESULT, out.take());
  }
  const plan = await planOpenFetch(request, fetch, findKnown(set, asked.haves));
  if (asked.deepen !== null) {
    writeShallowLines(out, fetch, plan.shallow);
    out.flush();
  }
  for (const line of lines) out.line(line);
  if (!isPackNext) return answer(UPLOAD_RESULT, out.take());
  const response = answerInStream(request.context, UPLOAD_RESULT, async (sink) => {
    await sink.write(out.take());
    await sendPack(request.context, fetch, plan, sink);
  });
  return withCacheHeader(response, plan.isReused ? "PLAN" : "MISS");
}

function listParents(set: PackSet, oid: Oid): Oid[] {
  const parents: Oid[] = [];
  const number = set.find(oid);
  if (set.typeCodeAt(number) === COMMIT) {
    forEachParent(set, null, number, (parent) => parents.push(set.oidAt(parent)));
  }
  return parents;
}
