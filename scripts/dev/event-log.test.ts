// From a program's lines to one short line each on the screen and the whole in a file.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test, vi } from "vitest";
import { showLine } from "../../schema/terminal-text.ts";
import { openEventLog } from "./event-log.ts";

async function follow(...lines: string[]): Promise<{ screen: string[]; file: unknown[] }> {
  const folder = mkdtempSync(join(tmpdir(), "plue-log-"));
  const screen: string[] = [];
  const output = new PassThrough();
  openEventLog(folder, "worker", (line) => screen.push(line)).follow(output, null);
  output.end(lines.join("\n"));
  await vi.waitFor(() => expect(screen).toHaveLength(lines.length), { timeout: 10_000 });
  const text = readFileSync(join(folder, "worker.ndjson"), "utf8").trim();
  rmSync(folder, { recursive: true });
  return { screen, file: text.split("\n").map((line): unknown => JSON.parse(line)) };
}

test("an event is its time, source, message and fields; the ids stay in the file", async () => {
  const event = {
    at: "2026-11-21T04:05:06.789Z",
    level: "info",
    message: "request",
    requestId: "r1",
    path: "/a b",
    status: 200,
    note: null,
  };
  const { screen, file } = await follow(JSON.stringify(event));
  expect(screen).toEqual(['04:05:06 worker request path="/a b" status=200']);
  expect(file).toEqual([event]);
});

test("what somebody named their files does nothing to the terminal", async () => {
  const event = {
    at: "2026-11-21T04:05:06Z",
    level: "info",
    message: "a\u009b2J",
    path: "/x\u202e\u001b[31m",
    cause: "one\u001b[1A\n\u2028two",
  };
  // As the programs write it: a reader of lines would take U+2028 for the end of one.
  const { screen, file } = await follow(showLine(JSON.stringify(event)));
  expect(screen).toEqual([
    "04:05:06 worker a\\u009b2J path=/x\\u202e\\u001b[31m\n    one\\u001b[1A\n    \\u2028two",
  ]);
  expect(file).toEqual([event]);
});

test("an error shows its cause in full", async () => {
  const event = {
    at: "2026-11-21T04:05:06Z",
    level: "error",
    message: "failed",
    cause: "Error: no\n    at here",
  };
  const { screen } = await follow(JSON.stringify(event));
  expect(screen).toEqual(["04:05:06 worker error: failed\n    Error: no\n        at here"]);
});

test("a line that isn't JSON is an error with that message", async () => {
  const { screen, file } = await follow("Segmentation fault", "[1, 2");
  expect(screen[0]).toMatch(/^\d\d:\d\d:\d\d worker error: Segmentation fault$/);
  expect(file).toEqual([
    expect.objectContaining({ level: "error", message: "Segmentation fault" }),
    expect.objectContaining({ level: "error", message: "[1, 2" }),
  ]);
});
