// What a client asks of a fetch, whichever version of the protocol it spoke; and the arguments of the v2 command
// `fetch` (gitprotocol-v2). Invariant: a request that was read holds well-formed ids and no contradiction. How many lines it
// has is bounded by their bytes alone (FETCH_REQUEST_LIMIT_BYTES).
import { GitError } from "../object/git-error.ts";
import { isOid, type Oid } from "../object/oid.ts";
import { type ObjectFilter, parseFilterSpec } from "./filter-spec.ts";
import type { SidebandKind } from "./sideband.ts";

/** How far into history a shallow clone reaches. */
export type Deepen =
  | { readonly kind: "depth"; readonly depth: number; readonly isRelative: boolean }
  | { readonly kind: "revisions"; readonly sinceSeconds: number | null; readonly notRefs: readonly string[] };

export interface FetchRequest {
  readonly wants: readonly Oid[];
  /** Names of refs that are wanted, whatever they point at. */
  readonly wantRefs: readonly string[];
  readonly haves: readonly Oid[];
  readonly shallows: readonly Oid[];
  readonly deepen: Deepen | null;
  readonly filter: ObjectFilter | null;
  readonly isDone: boolean;
  /** Answer haves without ever sending a pack before `done`. */
  readonly waitForDone: boolean;
  readonly thinPack: boolean;
  readonly ofsDelta: boolean;
  readonly includeTag: boolean;
  readonly noProgress: boolean;
  readonly sideband: SidebandKind;
  /** The whole answer is in bands, not the pack alone. */
  readonly sidebandAll: boolean;
}

/** A request as it is put together, line by line. */
export class FetchRequestBuilder {
  readonly wants: Oid[] = [];
  readonly wantRefs: string[] = [];
  readonly haves: Oid[] = [];
  readonly shallows: Oid[] = [];
  private readonly notRefs: string[] = [];
  private filter: ObjectFilter | null = null;
  private depth: number | null = null;
  private sinceSeconds: number | null = null;
  isRelative = false;
  isDone = false;
  waitForDone = false;
  thinPack = false;
  ofsDelta = false;
  includeTag = false;
  noProgress = false;
  sideband: SidebandKind = "64k";
  sidebandAll = false;

  addWant(oid: string): void {
    addOid(this.wants, oid, "want");
  }

  addHave(oid: string): void {
    addOid(this.haves, oid, "have");
  }

  addShallow(oid: string): void {
    addOid(this.shallows, oid, "shallow");
  }

  addWantRef(name: string): void {
    this.wantRefs.push(name);
  }

  addNotRef(name: string): void {
    this.notRefs.push(name);
  }

  setFilter(spec: string): void {
    this.filter = parseFilterSpec(spec);
  }

  setDepth(text: string): void {
    const depth = parseCount(text);
    if (depth === null || depth < 1)
      throw new GitError("bad_protocol", `invalid deepen: ${text.slice(0, 40)}`);
    this.depth = depth;
  }

  setSince(text: string): void {
    const since = parseCount(text);
    if (since === null) throw new GitError("bad_protocol", `invalid deepen-since: ${text.slice(0, 40)}`);
    this.sinceSeconds = since;
  }

  build(): FetchRequest {
    const byRevisions = this.sinceSeconds !== null || this.notRefs.length > 0;
    if (byRevisions && this.depth !== null) {
      throw new GitError("bad_protocol", "deepen and deepen-since (or deepen-not) cannot be used together");
    }
    let deepen: Deepen | null = null;
    if (byRevisions) deepen = { kind: "revisions", sinceSeconds: this.sinceSeconds, notRefs: this.notRefs };
    else if (this.depth !== null) deepen = { kind: "depth", depth: this.depth, isRelative: this.isRelative };
    const { wants, wantRefs, haves, shallows, filter, isDone, waitForDone } = this;
    const { thinPack, ofsDelta, includeTag, noProgress, sideband, sidebandAll } = this;
    return {
      ...{ wants, wantRefs, haves, shallows, deepen, filter, isDone, waitForDone },
      ...{ thinPack, ofsDelta, includeTag, noProgress, sideband, sidebandAll },
    };
  }
}

function addOid(to: Oid[], oid: string, what: string): void {
  if (!isOid(oid))
    throw new GitError("bad_protocol", `protocol error: expected an object id after '${what}'`);
  to.push(oid);
}

function parseCount(text: string): number | null {
  return /^\d{1,12}$/.test(text) ? Number(text) : null;
}

const VALUE_ARGUMENTS: Readonly<Record<string, (request: FetchRequestBuilder, value: string) => void>> = {
  want: (request, value) => request.addWant(value),
  "want-ref": (request, value) => request.addWantRef(value),
  have: (request, value) => request.addHave(value),
  shallow: (request, value) => request.addShallow(value),
  deepen: (request, value) => request.setDepth(value),
  "deepen-since": (request, value) => request.setSince(value),
  "deepen-not": (request, value) => request.addNotRef(value),
  filter: (request, value) => request.setFilter(value),
};

const FLAG_ARGUMENTS: Readonly<Record<string, (request: FetchRequestBuilder) => void>> = {
  done: (request) => {
    request.isDone = true;
  },
  "wait-for-done": (request) => {
    request.waitForDone = true;
  },
  "thin-pack": (request) => {
    request.thinPack = true;
  },
  "ofs-delta": (request) => {
    request.ofsDelta = true;
  },
  "include-tag": (request) => {
    request.includeTag = true;
  },
  "no-progress": (request) => {
    request.noProgress = true;
  },
  "deepen-relative": (request) => {
    request.isRelative = true;
  },
  "sideband-all": (request) => {
    request.sidebandAll = true;
  },
};

/** Takes one argument line of the v2 command. Throws GitError `bad_protocol` for one that isn't known. */
export function addFetchArgument(request: FetchRequestBuilder, line: string): void {
  const space = line.indexOf(" ");
  const word = space < 0 ? line : line.slice(0, space);
  const arguments_ = space < 0 ? FLAG_ARGUMENTS : VALUE_ARGUMENTS;
  if (!Object.hasOwn(arguments_, word)) {
    throw new GitError("bad_protocol", `fetch: unexpected line: '${line.slice(0, 200)}'`);
  }
  arguments_[word]?.(request, line.slice(space + 1));
}
