// What comes over the stream is an event of a run, or is refused.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatRunEvent } from "../../../schema/wire/run-events.ts";
import type { LiveEvent } from "../../components/live-run.ts";
import { EVENT_TYPES, readEvent } from "./read-event.ts";

const EVENTS: LiveEvent[] = [
  {
    type: "log",
    seq: 1,
    at: 5,
    data: { jobId: 1, attempt: 1, stepId: null, stream: "stdout", text: "a\nb" },
  },
  {
    type: "step",
    seq: 2,
    at: 5,
    data: { jobId: 1, attempt: 1, stepId: 2, position: 0, status: "failed", exitCode: 1, reason: null },
  },
  {
    type: "job",
    seq: 3,
    at: 5,
    data: {
      jobId: 1,
      key: "a",
      attempt: 1,
      status: "running",
      reason: null,
      sandbox: "x",
      timings: { queue: 1 },
    },
  },
  { type: "run", seq: 4, at: 5, data: { status: "running", reason: null } },
  { type: "error", seq: 5, at: 5, data: { jobId: null, attempt: 0, message: "gone" } },
  { type: "done", seq: 6, at: 5, data: { status: "failed", reason: "why" } },
];

/** The data line of what the Worker sends. */
const jsonOf = (event: LiveEvent): string => /^data: (.*)$/m.exec(formatRunEvent(event))?.[1] ?? "";

describe("an event", () => {
  test.each(EVENTS)("of type $type is read as it was written", (event) => {
    const { type, seq, at, data } = event;
    expect(readEvent(type, String(seq), jsonOf(event))).toEqual({ type, seq, at, data: { at, ...data } });
  });

  test.each([
    ["an unknown type", "token", "1", '{"at":1}'],
    ["the name of a thing every object has", "constructor", "1", '{"at":1}'],
    ["no JSON", "run", "1", "{"],
    ["an array", "run", "1", "[]"],
    ["no time", "run", "1", '{"status":"running","reason":null}'],
    ["no id", "run", "", '{"at":1,"status":"running","reason":null}'],
    ["a field that is missing", "run", "1", '{"at":1,"status":"running"}'],
    ["a field of another kind", "run", "1", '{"at":1,"status":"running","reason":5}'],
  ])("with %s is refused", (_, type, id, json) => {
    expect(readEvent(type, id, json)).toBeNull();
  });

  test("of any content is read or refused, and nothing else happens", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...EVENT_TYPES),
        fc.string(),
        fc.oneof(fc.string(), fc.json()),
        (type, id, json) => {
          const event = readEvent(type, id, json);
          if (event !== null) expect(event.type).toBe(type);
        },
      ),
      { seed: 20261121, numRuns: 500 },
    );
  });
});
