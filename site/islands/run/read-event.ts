// From a server-sent event to an event of the run. Invariant: what isn't shaped as schema/wire/run-events.ts says
// is refused, never half used.
import type { RunEventType } from "../../../schema/wire/run-events.ts";
import type { LiveEvent } from "../../components/live-run.ts";

type Kind = "number" | "string" | "object";

/** Each field with what it may be. */
const SHAPES: Record<RunEventType, Record<string, readonly (Kind | "null")[]>> = {
  log: {
    jobId: ["number"],
    attempt: ["number"],
    stepId: ["number", "null"],
    stream: ["string"],
    text: ["string"],
  },
  step: {
    jobId: ["number"],
    attempt: ["number"],
    stepId: ["number"],
    status: ["string"],
    exitCode: ["number", "null"],
    reason: ["string", "null"],
  },
  job: {
    jobId: ["number"],
    attempt: ["number"],
    status: ["string"],
    reason: ["string", "null"],
    sandbox: ["string", "null"],
    timings: ["object"],
  },
  run: { status: ["string"], reason: ["string", "null"] },
  error: { jobId: ["number", "null"], attempt: ["number"], message: ["string"] },
  done: { status: ["string"], reason: ["string", "null"] },
};

export const EVENT_TYPES = Object.keys(SHAPES);

/**
 * @param id the event's id, its seq in decimal
 * @param json one object: the time `at` and the type's data
 * @returns null for what isn't an event of a run
 */
export function readEvent(type: string, id: string, json: string): LiveEvent | null {
  const data = parseObject(json);
  if (data === null || !/^\d+$/.test(id)) return null;
  const event = { type, seq: Number(id), at: data.at, data };
  return isLiveEvent(event) ? event : null;
}

function parseObject(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

interface Unchecked {
  type: string;
  seq: number;
  at: unknown;
  data: Record<string, unknown>;
}

function isLiveEvent(event: Unchecked): event is Unchecked & LiveEvent {
  const shape = new Map(Object.entries(SHAPES)).get(event.type);
  if (shape === undefined || typeof event.at !== "number") return false;
  return Object.entries(shape).every(([field, kinds]) => {
    const kind = kindOf(event.data[field]);
    return kind !== "other" && kinds.includes(kind);
  });
}

function kindOf(value: unknown): Kind | "null" | "other" {
  if (value === null) return "null";
  if (typeof value === "number") return "number";
  if (typeof value === "string") return "string";
  return isObject(value) ? "object" : "other";
}
