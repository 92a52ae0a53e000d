// The request of a fetch in v0 and v1 (gitprotocol-pack, "Packfile Negotiation"), as it arrives over HTTP: wants
// and shallow lines, a flush, then haves in groups that end in a flush, and perhaps `done`.
import { GitError } from "../object/git-error.ts";
import type { Oid } from "../object/oid.ts";
import { type Capabilities, parseCapabilityWords, requireSha1 } from "./capabilities.ts";
import { type FetchRequest, FetchRequestBuilder } from "./fetch-request.ts";
import { decodePacketText, type Packet } from "./pkt-line.ts";

/** How the client wants its haves answered. */
type AckKind = "single" | "multi" | "detailed";

/** The negotiation in the order it was said; `flush` ends a group of haves. */
type NegotiationStep = { readonly have: Oid } | "flush" | "done";

export interface UploadRequest {
  readonly fetch: FetchRequest;
  readonly ackKind: AckKind;
  /** The pack may follow the first `ready`, without `done`. */
  readonly noDone: boolean;
  readonly steps: readonly NegotiationStep[];
}

/**
 * Reads a whole request; null when the client wants nothing. `next` gives its lines, and null at the end of the body.
 * Throws GitError `bad_protocol` or `limit_exceeded`.
 */
export async function parseUploadRequest(next: () => Promise<Packet | null>): Promise<UploadRequest | null> {
  const request = new FetchRequestBuilder();
  const capabilities = await readWants(request, next);
  if (capabilities === null) return null;
  applyCapabilities(request, capabilities);
  const steps = await readNegotiation(request, next);
  const detailed = capabilities.has("multi_ack_detailed");
  return {
    fetch: request.build(),
    ackKind: detailed ? "detailed" : capabilities.has("multi_ack") ? "multi" : "single",
    noDone: capabilities.has("no-done"),
    steps,
  };
}

async function readWants(
  request: FetchRequestBuilder,
  next: () => Promise<Packet | null>,
): Promise<Capabilities | null> {
  let capabilities: Capabilities | null = null;
  for (;;) {
    const packet = await next();
    if (packet === null || packet === "flush") return capabilities;
    if (typeof packet === "string")
      throw new GitError("bad_protocol", `protocol error: unexpected ${packet} line`);
    const line = decodePacketText(packet);
    const [word = "", value = ""] = line.split(" ", 2);
    if (word === "want") {
      if (capabilities === null) {
        capabilities = parseCapabilityWords(line.slice("want ".length + value.length));
        requireSha1(capabilities.get("object-format")?.[0]);
      }
      request.addWant(value);
    } else if (word === "shallow") request.addShallow(value);
    else if (word === "deepen") setDepth(request, value);
    else if (word === "deepen-since") request.setSince(value);
    else if (word === "deepen-not") request.addNotRef(value);
    else if (word === "filter") request.setFilter(value);
    else throw new GitError("bad_protocol", `protocol error: unexpected '${line.slice(0, 200)}'`);
  }
}

// `deepen 0` asks for nothing.
function setDepth(request: FetchRequestBuilder, value: string): void {
  if (value !== "0") request.setDepth(value);
}

function applyCapabilities(request: FetchRequestBuilder, capabilities: Capabilities): void {
  request.thinPack = capabilities.has("thin-pack");
  request.ofsDelta = capabilities.has("ofs-delta");
  request.includeTag = capabilities.has("include-tag");
  request.noProgress = capabilities.has("no-progress");
  request.isRelative = capabilities.has("deepen-relative");
  request.sideband = capabilities.has("side-band-64k")
    ? "64k"
    : capabilities.has("side-band")
      ? "1k"
      : "none";
}

async function readNegotiation(
  request: FetchRequestBuilder,
  next: () => Promise<Packet | null>,
): Promise<NegotiationStep[]> {
  const steps: NegotiationStep[] = [];
  for (let packet = await next(); packet !== null; packet = await next()) {
    if (typeof packet === "string") {
      steps.push("flush");
      continue;
    }
    const line = decodePacketText(packet);
    if (line === "done") {
      request.isDone = true;
      steps.push("done");
      return steps;
    }
    if (!line.startsWith("have ")) {
      throw new GitError("bad_protocol", `expected an object id, got '${line.slice(0, 200)}'`);
    }
    const have = line.slice("have ".length);
    request.addHave(have);
    steps.push({ have });
  }
  return steps;
}

interface NegotiationAnswer {
  /** Lines to send before the pack, or instead of it. */
  readonly lines: readonly string[];
  /** Whether the pack follows. */
  readonly sendPack: boolean;
}

/**
 * Answers the haves as `git upload-pack --stateless-rpc` does. `isCommon` says whether an object is here;
 * `isReady` whether every want reaches one of the common objects seen so far; `parentsOf` what a common commit leads to.
 */
export function answerNegotiation(
  request: UploadRequest,
  isCommon: (oid: Oid) => boolean,
  isReady: (common: readonly Oid[]) => boolean,
  parentsOf: (oid: Oid) => readonly Oid[] = () => [],
): NegotiationAnswer {
  const { ackKind, noDone } = request;
  const lines: string[] = [];
  const common: Oid[] = [];
  // Where one object is acknowledged, it is again for each that follows from it, until another comes.
  const implied = new Set<Oid>();
  let surprises = 0;
  let gotCommon = false;
  let gotOther = false;
  let sentReady = false;
  for (const step of request.steps) {
    if (step === "done") {
      const last = common.at(-1);
      if (last === undefined) lines.push("NAK");
      else if (ackKind !== "single") lines.push(`ACK ${last}`);
      return { lines, sendPack: true };
    }
    if (step === "flush") {
      const last = common.at(-1);
      if (ackKind === "detailed" && last !== undefined && gotCommon && !gotOther && isReady(common)) {
        sentReady = true;
        lines.push(`ACK ${last} ready`);
      }
      if (last === undefined || ackKind !== "single") lines.push("NAK");
      if (noDone && sentReady) return { lines: [...lines, `ACK ${last}`], sendPack: true };
      gotCommon = false;
      gotOther = false;
    } else if (isCommon(step.have)) {
      gotCommon = true;
      common.push(step.have);
      if (ackKind === "detailed") lines.push(`ACK ${step.have} common`);
      else if (ackKind === "multi") lines.push(`ACK ${step.have} continue`);
      else {
        if (!implied.has(step.have)) surprises++;
        for (const oid of [step.have, ...parentsOf(step.have)]) implied.add(oid);
        if (surprises === 1) lines.push(`ACK ${step.have}`);
      }
    } else {
      gotOther = true;
      if (ackKind !== "single" && common.length > 0 && isReady(common)) {
        sentReady ||= ackKind === "detailed";
        lines.push(`ACK ${step.have} ${ackKind === "detailed" ? "ready" : "continue"}`);
      }
    }
  }
  return { lines, sendPack: false };
}

/** So many tests are made as soon as there is reason to, which is enough for ordinary negotiations. */
const PROMPT_TESTS = 64;

/**
 * Makes a test of the common objects only when there are more of them than at the last. Each may walk all of history, so past
 * PROMPT_TESTS the next waits until there are twice as many.
 */
export function testSparingly(
  test: (common: readonly Oid[]) => boolean,
): (common: readonly Oid[]) => boolean {
  let testedCount = 0;
  let testCount = 0;
  let isReady = false;
  return (common) => {
    const isDue = testCount < PROMPT_TESTS ? common.length > testedCount : common.length >= 2 * testedCount;
    if (!isReady && isDue) {
      testCount++;
      testedCount = common.length;
      isReady = test(common);
    }
    return isReady;
  };
}
