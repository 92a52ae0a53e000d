// What is said of an import, by the server when it makes the page and by the page's script as the import goes on.

/** An import as the API describes it, as far as its page shows it. */
export interface ImportView {
  readonly state: string;
  readonly size_bytes: number;
  readonly received_bytes: number;
  readonly progress: { readonly phase: string; readonly done: number; readonly total: number } | null;
  readonly failure: string | null;
  readonly result: {
    readonly moved: number;
    readonly unchanged: number;
    readonly skipped: number;
    readonly lines: readonly string[];
  } | null;
}

interface ImportText {
  readonly state: string;
  readonly received: string;
  /** Empty while nothing is indexed. */
  readonly indexed: string;
  /** Why it failed, or what it did; empty before its end. */
  readonly end: string;
}

const WORDS: Record<string, string> = {
  uploading: "receiving its parts",
  queued: "waiting to be indexed",
  indexing: "being indexed",
  done: "done",
  failed: "failed: nothing has moved",
  aborted: "given up",
  expired: "given up: no part came for a day",
};

const PHASES: Record<string, string> = {
  scanning: "objects scanned",
  resolving: "deltas resolved",
  storing: "bytes stored",
};

const count = (number: number): string => number.toLocaleString("en");
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Whether anything can still change. */
export const isImportOver = (state: string): boolean => !["uploading", "queued", "indexing"].includes(state);

export function describeImportText(view: ImportView): ImportText {
  const { state, progress } = view;
  const isGoingOn = progress !== null && state === "queued";
  return {
    state: isGoingOn ? "indexed in part, and waiting to go on" : (WORDS[state] ?? state),
    received: `${megabytes(view.received_bytes)} of ${megabytes(view.size_bytes)}`,
    indexed:
      progress === null
        ? ""
        : `${count(progress.done)} of ${count(progress.total)} ${PHASES[progress.phase] ?? progress.phase}`,
    end: describeEnd(view),
  };
}

function describeEnd({ failure, result, state }: ImportView): string {
  if (failure !== null) return failure;
  if (result === null || state !== "done") return "";
  const skipped = result.skipped === 0 ? "" : `, ${count(result.skipped)} left out`;
  return [
    `${count(result.moved)} refs moved, ${count(result.unchanged)} unchanged${skipped}`,
    ...result.lines,
  ].join("\n");
}

/** Says whether a value is an import as the API describes it. */
export function isImportView(value: unknown): value is ImportView {
  return (
    typeof value === "object" &&
    value !== null &&
    "state" in value &&
    typeof value.state === "string" &&
    "received_bytes" in value &&
    typeof value.received_bytes === "number" &&
    "progress" in value &&
    "result" in value
  );
}
