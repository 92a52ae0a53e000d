// Plans and sends the pack of a fetch: what both versions of the protocol end in.
import type { Context } from "hono";
import type { AppEnv } from "../../core/app-env.ts";
import { PLAN_CACHE_BYTES } from "../limits.ts";
import { objectTypeCode } from "../object/object-type.ts";
import { type KeptPlan, keepPlan, restorePlan, type SettledPlan } from "../pack/kept-plan.ts";
import { NOT_HERE, type PackSet } from "../pack/pack-set.ts";
import { type FetchPlan, planFetch } from "../pack/plan-fetch.ts";
import { countDeltas, writePack } from "../pack/write-pack.ts";
import { BoundedCache } from "../store/bounded-cache.ts";
import { readVersion } from "../store/ref-state.ts";
import { pageRefs } from "../store/refs.ts";
import type { TagRef } from "../store/snapshot.ts";
import type { PacketBuffer } from "../wire/pkt-line.ts";
import { SidebandWriter } from "../wire/sideband.ts";
import { type ClientSink, reportFailure } from "./git-response.ts";
import { type FetchContext, findKnown, type OpenFetch, resolveDeepen } from "./open-fetch.ts";

/** A client is told that the server lives this often while it has nothing else to send. */
const KEEP_ALIVE_MS = 5000;

/** The isolate's plans, by the names of their questions. */
const planCache = new BoundedCache<KeptPlan>(PLAN_CACHE_BYTES);

export interface FoundPlan extends SettledPlan {
  /** Whether it was made for an equal question before. */
  readonly isReused: boolean;
}

/**
 * Decides what is sent, or finds what was decided for an equal question.
 * @param haves numbers of what the client has
 * Throws GitError as planFetch does.
 */
export async function planOpenFetch(
  context: FetchContext,
  fetch: OpenFetch,
  haves: readonly number[],
): Promise<FoundPlan> {
  const { names, packs } = fetch;
  const kept = names === null ? undefined : planCache.get(names.plan);
  if (kept?.objectCount === packs.set.size) return { ...restorePlan(kept), isReused: true };
  const { plan, isCertain } = await makePlan(context, fetch, haves);
  if (names !== null && isCertain) planCache.add(names.plan, keepPlan(plan));
  return { ...plan, sentCount: plan.sentCount, isReused: false };
}

/** `isCertain`: whether the plan follows from the fetch's snapshot alone, by which it is named. */
async function makePlan(
  context: FetchContext,
  { request, packs, wants, snapshot }: OpenFetch,
  haves: readonly number[],
): Promise<{ plan: FetchPlan; isCertain: boolean }> {
  const { deepen: asked } = request;
  const deepen = await resolveDeepen(context, packs.set, asked);
  const clientShallow = findKnown(packs.set, request.shallows);
  const plan = planFetch(packs.set, { wants, haves, clientShallow, deepen, filter: request.filter });
  const { query } = context.database;
  const tagPages =
    snapshot.tags === null ? pageRefs(query, snapshot.repositoryId, ["refs/tags/"]) : [snapshot.tags];
  if (request.includeTag) await includeTags(packs.set, tagPages, plan);
  const isReadLater =
    (request.includeTag && snapshot.tags === null) ||
    (asked?.kind === "revisions" && asked.notRefs.length > 0);
  const isCertain = !isReadLater || (await readVersion(query, snapshot.repositoryId)) === snapshot.version;
  return { plan, isCertain };
}

async function includeTags(
  set: PackSet,
  pages: AsyncIterable<readonly TagRef[]> | Iterable<readonly TagRef[]>,
  plan: FetchPlan,
): Promise<void> {
  for await (const page of pages) {
    for (const { oid, peeled } of page) {
      const tag = peeled === null ? NOT_HERE : set.find(oid);
      if (tag !== NOT_HERE) plan.includeTag(tag);
    }
  }
}

/** The lines by which a client learns where its history ends now. */
export function writeShallowLines(
  out: PacketBuffer,
  fetch: OpenFetch,
  { shallow, unshallow }: SettledPlan["shallow"],
): void {
  const { set } = fetch.packs;
  // As git sends them, without the line feed that all other lines end in: some clients take it for a part of the id.
  for (const number of shallow) out.text(`shallow ${set.oidAt(number)}`);
  for (const number of unshallow) out.text(`unshallow ${set.oidAt(number)}`);
}

/**
 * Sends the pack. A failure on the way is logged, and told on the band for it where there is one.
 * @returns whether all of it was sent
 */
export async function sendPack(
  context: Context<AppEnv>,
  fetch: OpenFetch,
  plan: SettledPlan,
  sink: ClientSink,
): Promise<boolean> {
  const { request, packs } = fetch;
  const out = new SidebandWriter(sink, request.sideband);
  const keepAlive = startKeepAlive(out);
  try {
    if (!request.noProgress) await out.progress(`Enumerating objects: ${plan.sentCount}, done.`);
    const options = {
      set: packs.set,
      sources: packs.sources,
      marks: plan.marks,
      sentCount: plan.sentCount,
      thinPack: request.thinPack,
      ofsDelta: request.ofsDelta,
      readObject: async (number: number) => {
        const { type, bytes } = await packs.readNumber(number);
        return { typeCode: objectTypeCode(type), bytes };
      },
    };
    await writePack(options, out);
    if (!request.noProgress) await out.progress(describeTotal(plan.sentCount, countDeltas(options)));
    await out.end();
    return true;
  } catch (error) {
    if (sink.isGone) throw error;
    await out.fatal(reportFailure(context, error));
    await out.end();
    return false;
  } finally {
    keepAlive.stop();
  }
}

/** As git's pack-objects says it; all that is sent was stored in a pack. */
function describeTotal(sentCount: number, deltaCount: number): string {
  const counts = `${sentCount} (delta ${deltaCount})`;
  return `Total ${counts}, reused ${counts}, pack-reused ${sentCount}`;
}

/** Writes an empty frame whenever nothing was sent for a while, until stopped. */
export function startKeepAlive(out: SidebandWriter): { stop(): void } {
  const timer = setInterval(() => {
    // A client that went away is noticed by whoever writes next.
    out.keepAlive().catch(() => undefined);
  }, KEEP_ALIVE_MS);
  return { stop: () => clearInterval(timer) };
}
