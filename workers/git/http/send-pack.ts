// Plans and sends the pack of a fetch: what both versions of the protocol end in.
import type { Context } from "hono";
import type { AppEnv } from "../../core/app-env.ts";
import { COMMIT, objectTypeCode } from "../object/object-type.ts";
import { NOT_HERE, type PackSet } from "../pack/pack-set.ts";
import { type FetchPlan, planFetch } from "../pack/plan-fetch.ts";
import type { DeepenTo, ShallowPlan } from "../pack/plan-fetch-shallow.ts";
import { writePack } from "../pack/write-pack.ts";
import { pageRefs } from "../store/refs.ts";
import type { PacketBuffer } from "../wire/pkt-line.ts";
import { SidebandWriter } from "../wire/sideband.ts";
import { type ClientSink, reportFailure } from "./git-response.ts";
import { type FetchContext, findKnown, type OpenFetch, resolveDeepen } from "./open-fetch.ts";

/** A client is told that the server lives this often while it has nothing else to send. */
const KEEP_ALIVE_MS = 5000;

/** Decides what is sent. @param haves numbers of what the client has. Throws GitError as planFetch does. */
export async function planOpenFetch(
  context: FetchContext,
  fetch: OpenFetch,
  haves: readonly number[],
): Promise<FetchPlan> {
  const { request, packs, wants } = fetch;
  const deepen = await findEdge(context, packs.set, await resolveDeepen(context, packs.set, request.deepen));
  const clientShallow = findKnown(packs.set, request.shallows);
  const plan = planFetch(packs.set, { wants, haves, clientShallow, deepen, filter: request.filter });
  await includeTags(fetch, plan);
  return plan;
}

// A client's whole edge moves, also where it has nothing to do with what is wanted this time: as with git, it is
// looked for from all refs.
async function findEdge(
  context: FetchContext,
  set: PackSet,
  deepen: DeepenTo | null,
): Promise<DeepenTo | null> {
  if (deepen === null || deepen.kind !== "depth" || !deepen.isRelative) return deepen;
  const reachedFrom: number[] = [];
  for await (const page of pageRefs(context.database.query, context.repository.id)) {
    for (const { oid, peeled } of page) {
      const number = set.find(peeled ?? oid);
      // Not of a ref that moved after the packs were listed, nor of one that points at no commit.
      if (number !== NOT_HERE && set.typeCodeAt(number) === COMMIT) reachedFrom.push(number);
    }
  }
  return { ...deepen, reachedFrom };
}

async function includeTags({ packs, tagPages }: OpenFetch, plan: FetchPlan): Promise<void> {
  for await (const page of tagPages ?? []) {
    for (const { oid, peeled } of page) {
      const tag = peeled === null ? NOT_HERE : packs.set.find(oid);
      if (tag !== NOT_HERE) plan.includeTag(tag);
    }
  }
}

/** The lines by which a client learns where its history ends now. */
export function writeShallowLines(
  out: PacketBuffer,
  fetch: OpenFetch,
  { shallow, unshallow }: ShallowPlan,
): void {
  const { set } = fetch.packs;
  for (const number of shallow) out.line(`shallow ${set.oidAt(number)}`);
  for (const number of unshallow) out.line(`unshallow ${set.oidAt(number)}`);
}

/** Sends the pack. A failure on the way is logged, and told on the band for it where there is one. */
export async function sendPack(
  context: Context<AppEnv>,
  fetch: OpenFetch,
  plan: FetchPlan,
  sink: ClientSink,
): Promise<void> {
  const { request, packs } = fetch;
  const out = new SidebandWriter(sink, request.sideband);
  const keepAlive = startKeepAlive(out);
  try {
    if (!request.noProgress) await out.progress(`Enumerating objects: ${plan.sentCount}, done.\n`);
    await writePack(
      {
        set: packs.set,
        sources: packs.sources,
        marks: plan.marks,
        sentCount: plan.sentCount,
        thinPack: request.thinPack,
        ofsDelta: request.ofsDelta,
        readObject: async (number) => {
          const { type, bytes } = await packs.readNumber(number);
          return { typeCode: objectTypeCode(type), bytes };
        },
      },
      out,
    );
    await out.end();
  } catch (error) {
    if (sink.isGone) throw error;
    await out.fatal(`${reportFailure(context, error)}\n`);
    await out.end();
  } finally {
    keepAlive.stop();
  }
}

/** Writes an empty frame whenever nothing was sent for a while, until stopped. */
export function startKeepAlive(out: SidebandWriter): { stop(): void } {
  const timer = setInterval(() => {
    // A client that went away is noticed by whoever writes next.
    out.keepAlive().catch(() => undefined);
  }, KEEP_ALIVE_MS);
  return { stop: () => clearInterval(timer) };
}
