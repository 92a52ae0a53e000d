// What a sandbox reports, good and bad: nothing it sends is believed, kept without bound, or acknowledged too early.
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { RunnerEvent } from "../../schema/wire/runner-events.ts";
import {
  EVENT_LINE_BYTES_MAX,
  EVENTS_PER_JOB_MAX,
  OUTPUT_MARGIN_BYTES,
  REASON_CHARACTERS_MAX,
} from "../limits.ts";
import { STEP_OUTPUT_BYTES_MAX } from "../runner/limits.ts";
import type { StoreOutcome } from "../runs/store-events.ts";
import { silentLog } from "../testing/test-ledger.ts";
import { parseReportLine } from "./parse-report.ts";
import { type IntakeEnd, ReportIntake } from "./report-intake.ts";

interface TestIntake {
  intake: ReportIntake;
  stored: RunnerEvent[];
  ends: IntakeEnd[];
  port: number;
}

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Store = (events: readonly RunnerEvent[]) => Promise<StoreOutcome>;

async function startIntake(override?: Store, eventsMax?: number): Promise<TestIntake> {
  const stored: RunnerEvent[] = [];
  const ends: IntakeEnd[] = [];
  const keep: Store = async (events) => {
    stored.push(...events);
    const last = events.at(-1);
    return { kind: "stored", offset: last?.offset ?? 0, isDone: last?.type === "done" };
  };
  const intake = new ReportIntake({
    store: override ?? keep,
    ended: (end) => ends.push(end),
    log: silentLog,
    ...(eventsMax === undefined ? {} : { eventsMax }),
  });
  const server = createServer((incoming, response) => void intake.receive(incoming, response));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { intake, stored, ends, port: (server.address() as AddressInfo).port };
}

const log = (offset: number, text = "x"): string =>
  `${JSON.stringify({ offset, at: 1, type: "log", position: 0, stream: "stdout", text })}\n`;
const done = (offset: number): string =>
  `${JSON.stringify({ offset, at: 1, type: "done", status: "succeeded", reason: null })}\n`;

interface Answer {
  /** Null when the connection was cut instead. */
  status: number | null;
  lines: unknown[];
}

/** Sends the whole body and gives what was answered. */
function send(port: number, body: string | Buffer): Promise<Answer> {
  return new Promise((resolve) => {
    const outgoing = request({ port, method: "POST" });
    const cut = () => resolve({ status: null, lines: [] });
    outgoing.once("error", cut);
    outgoing.once("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      answer.once("error", cut);
      answer.once("end", () => {
        const lines = text.split("\n").filter((line) => line !== "");
        resolve({ status: answer.statusCode ?? 0, lines: lines.map((line) => JSON.parse(line)) });
      });
    });
    outgoing.end(body);
  });
}

describe("a runner's report", () => {
  it("is stored in order and acknowledged as it is", async () => {
    const { port, stored, ends, intake } = await startIntake();
    const { status, lines } = await send(port, log(1) + log(2) + done(3));
    expect(status).toBe(200);
    expect(stored.map((event) => event.offset)).toEqual([1, 2, 3]);
    expect(lines.at(-1)).toEqual({ acknowledged: 3 });
    expect(ends).toEqual([{ kind: "done" }]);
    expect(intake.acknowledged).toBe(3);
  });

  it("is acknowledged only once it is stored", async () => {
    const gate = Promise.withResolvers<void>();
    const { port, intake } = await startIntake(async (events) => {
      await gate.promise;
      return { kind: "stored", offset: events.at(-1)?.offset ?? 0, isDone: false };
    });
    const sending = send(port, log(1));
    await expect.poll(() => servers.length).toBe(1);
    expect(intake.acknowledged).toBe(0);
    gate.resolve();
    expect((await sending).lines.at(-1)).toEqual({ acknowledged: 1 });
  });

  it("may repeat what was sent before", async () => {
    const { port, stored } = await startIntake();
    await send(port, log(1) + log(2));
    await send(port, log(1) + log(2) + log(3));
    expect(stored.map((event) => event.offset)).toEqual([1, 2, 3]);
  });

  it("may not have a gap, after which it may resume", async () => {
    const { port, stored, ends } = await startIntake();
    // Refused, or cut when the first event was acknowledged already.
    expect([400, null]).toContain((await send(port, log(1) + log(3))).status);
    expect(ends).toEqual([]);
    expect((await send(port, log(2) + log(3))).status).toBe(200);
    expect(stored.map((event) => event.offset)).toEqual([1, 2, 3]);
  });

  it.each([
    ["a line that isn't JSON", "{not json\n", /isn't JSON/],
    ["an unknown type", `${JSON.stringify({ offset: 1, at: 1, type: "exploit" })}\n`, /type/],
    [
      "a missing field",
      `${JSON.stringify({ offset: 1, at: 1, type: "log", text: "x" })}\n`,
      /position|stream/,
    ],
    ["a text that is too long", log(1, "x".repeat(65_537)), /text/],
    ["a line that is too long", Buffer.alloc(EVENT_LINE_BYTES_MAX + 1, "x"), /too long/],
  ])("with %s is answered 400 and ends the attempt with the reason", async (_, body, reason) => {
    const { port, ends, stored } = await startIntake();
    const { status, lines } = await send(port, body);
    expect(status).toBe(400);
    expect(lines).toEqual([{ message: expect.stringMatching(reason) }]);
    expect(ends).toEqual([{ kind: "violated", reason: expect.stringMatching(reason) }]);
    expect(stored).toEqual([]);
  });

  it("keeps what came before a bad line", async () => {
    const { port, stored, intake } = await startIntake();
    await send(port, `${log(1)}${log(2)}nonsense\n`);
    await intake.settle();
    expect(stored.map((event) => event.offset)).toEqual([1, 2]);
  });

  it("of a stale attempt is answered 409, then and later", async () => {
    const { port, ends } = await startIntake(async () => ({ kind: "stale" }));
    expect((await send(port, log(1))).status).toBe(409);
    expect((await send(port, log(2))).status).toBe(409);
    expect(ends).toEqual([{ kind: "stale" }]);
  });

  it("may print what a step may print, and not much more", async () => {
    const text = "x".repeat(64 * 1024);
    const allowed = (STEP_OUTPUT_BYTES_MAX + OUTPUT_MARGIN_BYTES) / text.length;
    const lines = Array.from({ length: allowed }, (_, index) => log(index + 1, text)).join("");
    const { port, ends, stored } = await startIntake();
    expect((await send(port, lines)).status).toBe(200);
    expect(stored).toHaveLength(allowed);
    expect(ends).toEqual([]);
    await send(port, log(allowed + 1, "x"));
    expect(ends).toEqual([{ kind: "violated", reason: expect.stringMatching(/more than it may/) }]);
  });

  it("may bring as many events as the limit, and not one more", async () => {
    const { port, ends, stored, intake } = await startIntake(undefined, 3);
    expect((await send(port, `${log(1)}${log(2)}${log(3)}`)).status).toBe(200);
    expect(stored).toHaveLength(3);
    const { status, lines } = await send(port, log(4));
    expect([status, lines]).toEqual([400, [{ message: "it has too many events" }]]);
    expect(ends).toEqual([{ kind: "violated", reason: expect.stringMatching(/too many events/) }]);
    await intake.settle();
    expect(stored).toHaveLength(3);
    expect((await startIntake()).intake.eventsMax).toBe(EVENTS_PER_JOB_MAX);
  });

  it("is taken no faster than it is stored", async () => {
    const gate = Promise.withResolvers<void>();
    let biggest = 0;
    const { port, intake } = await startIntake(async (events) => {
      await gate.promise;
      biggest = Math.max(biggest, events.length);
      return { kind: "stored", offset: events.at(-1)?.offset ?? 0, isDone: false };
    });
    const text = "x".repeat(60_000);
    const outgoing = request({ port, method: "POST" });
    outgoing.on("response", (answer) => answer.resume());
    let sent = 0;
    while (sent < 1_000 && outgoing.write(log(sent + 1, text))) sent += 1;
    expect(sent).toBeLessThan(400);
    gate.resolve();
    outgoing.end();
    await expect.poll(() => intake.acknowledged).toBeGreaterThanOrEqual(sent);
    expect(biggest).toBeLessThan(20);
  });

  it("is tried again when the database is away for a moment", async () => {
    let calls = 0;
    const { port, intake } = await startIntake(async (events) => {
      calls += 1;
      if (calls < 3) throw new Error("the database is away");
      return { kind: "stored", offset: events.at(-1)?.offset ?? 0, isDone: false };
    });
    expect((await send(port, log(1))).status).toBe(200);
    expect(intake.acknowledged).toBe(1);
  });
});

describe("parseReportLine", () => {
  it("cuts a reason that is too long, and keeps one that is not", () => {
    const readReason = (length: number) => {
      const line = { offset: 1, at: 1, type: "done", status: "failed", reason: "r".repeat(length) };
      const parsed = parseReportLine(Buffer.from(JSON.stringify(line)));
      return parsed.ok && parsed.event.type === "done" ? parsed.event.reason?.length : null;
    };
    expect(readReason(REASON_CHARACTERS_MAX)).toBe(REASON_CHARACTERS_MAX);
    expect(readReason(REASON_CHARACTERS_MAX + 1)).toBe(REASON_CHARACTERS_MAX);
  });

  it("never throws, and what it takes Postgres can hold", () => {
    const event = fc.record({
      offset: fc.oneof(fc.integer(), fc.double(), fc.string()),
      at: fc.oneof(fc.integer(), fc.constant(null)),
      type: fc.constantFrom("log", "step", "done", "phase", "x"),
      position: fc.oneof(fc.integer(), fc.constant(null)),
      stream: fc.constantFrom("stdout", "stderr", "system", "x"),
      status: fc.constantFrom("running", "succeeded", "x"),
      exitCode: fc.oneof(fc.integer(), fc.constant(null)),
      reason: fc.oneof(fc.string({ unit: "binary" }), fc.constant(null)),
      text: fc.oneof(fc.string({ unit: fc.constantFrom("\0", "\ud800", "\udc00", "a", "😀") })),
    });
    const line = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      event.map((value) => Buffer.from(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(line, (bytes) => {
        const parsed = parseReportLine(bytes);
        if (!parsed.ok) return;
        const text = JSON.stringify(parsed.event);
        expect(text).not.toMatch(/\\u0000|\\ud[89a-f]/i);
      }),
      { seed: 20261121, numRuns: 2_000 },
    );
  });
});
