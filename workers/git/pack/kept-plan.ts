// A fetch's plan as it is kept for the next client that asks the same of the same packs: a bit an object.
// Invariant: what is restored sends exactly what the plan it was made of sent.
import { addMarks, packMarks } from "./bit-set.ts";
import type { FetchPlan } from "./plan-fetch.ts";
import { HELD, SENT } from "./plan-fetch-commits.ts";
import type { ShallowPlan } from "./plan-fetch-shallow.ts";

/** All that sending takes of a plan. */
export interface SettledPlan extends Pick<FetchPlan, "marks" | "sentCount"> {
  readonly shallow: Pick<ShallowPlan, "shallow" | "unshallow">;
}

export interface KeptPlan {
  readonly sent: Uint8Array;
  /** Null where the client has nothing. */
  readonly held: Uint8Array | null;
  readonly sentCount: number;
  readonly shallow: SettledPlan["shallow"];
  readonly objectCount: number;
  readonly costBytes: number;
}

/** What an entry costs besides its bits, roughly. */
const ENTRY_BYTES = 512;
const NUMBER_BYTES = 8;

/** To be called when nothing more is added to the plan. */
export function keepPlan({ marks, sentCount, shallow: edge }: SettledPlan): KeptPlan {
  const sent = packMarks(marks, SENT);
  const isAnyHeld = marks.some((mark) => (mark & HELD) !== 0);
  const held = isAnyHeld ? packMarks(marks, HELD) : null;
  const shallow = { shallow: [...edge.shallow], unshallow: [...edge.unshallow] };
  const edgeBytes = NUMBER_BYTES * (shallow.shallow.length + shallow.unshallow.length);
  const costBytes = ENTRY_BYTES + sent.length + (held?.length ?? 0) + edgeBytes;
  return { sent, held, sentCount, shallow, objectCount: marks.length, costBytes };
}

export function restorePlan({ sent, held, sentCount, shallow, objectCount }: KeptPlan): SettledPlan {
  const marks = new Uint8Array(objectCount);
  addMarks(marks, sent, SENT);
  if (held !== null) addMarks(marks, held, HELD);
  return { marks, sentCount, shallow };
}
