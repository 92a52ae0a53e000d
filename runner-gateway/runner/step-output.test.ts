// How a step's output becomes events: in order, and in a bounded number of pieces however it comes.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EventLog } from "./event-log.ts";
import { PIECES_PER_SEND_MAX, QUICK_EVENTS_MAX, SLOW_OUTPUT_SPACING_MS } from "./limits.ts";
import { StepOutput } from "./step-output.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The pieces that the log has taken, and acknowledges them. */
function takePieces(log: EventLog): { stream: string; text: string }[] {
  const pieces = log.linesAfter(0).map(({ line }) => JSON.parse(line));
  log.acknowledge(log.lastOffset);
  return pieces.map(({ stream, text }) => ({ stream, text }));
}

function printInTurn(output: StepOutput, times: number): void {
  for (let count = 0; count < times; count += 1) {
    output.push("stdout", Buffer.from(`o${count} `));
    output.push("stderr", Buffer.from(`e${count} `));
  }
}

describe("a step's output", () => {
  it("to both streams in turn keeps its order up to a number of pieces, and is whole beyond", () => {
    const log = new EventLog();
    const output = new StepOutput(log, 0);
    output.push("stdout", Buffer.from("first "));
    takePieces(log);
    printInTurn(output, 1_000);
    output.end();
    const pieces = takePieces(log);
    expect(pieces).toHaveLength(PIECES_PER_SEND_MAX);
    expect(pieces.slice(0, 4).map(({ text }) => text)).toEqual(["o0 ", "e0 ", "o1 ", "e1 "]);
    for (const [stream, letter] of [
      ["stdout", "o"],
      ["stderr", "e"],
    ]) {
      const text = pieces
        .filter((piece) => piece.stream === stream)
        .map((piece) => piece.text)
        .join("");
      expect(text).toBe(Array.from({ length: 1_000 }, (_, count) => `${letter}${count} `).join(""));
    }
  });

  it("of a job that has reported much goes out once a second, in two pieces", () => {
    const log = new EventLog();
    for (let count = 0; count < QUICK_EVENTS_MAX; count += 1) {
      log.append({ type: "log", position: 0, stream: "stdout", text: "x" });
      log.acknowledge(log.lastOffset);
    }
    const output = new StepOutput(log, 0);
    output.push("stdout", Buffer.from("first "));
    takePieces(log);
    printInTurn(output, 100);
    vi.advanceTimersByTime(SLOW_OUTPUT_SPACING_MS - 1);
    expect(takePieces(log)).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(takePieces(log).map(({ stream }) => stream)).toEqual(["stdout", "stderr"]);
  });
});
