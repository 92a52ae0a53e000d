// How the stream is kept through faults, with a source that fails on command: a browser's can't be made to.
import { describe, expect, test } from "vitest";
import type { LiveRun } from "../../components/live-run.ts";
import { type Connection, followRun } from "./follow-run.ts";

type Listener = (event: { data?: unknown; lastEventId?: string }) => void;

function follow() {
  const run: LiveRun = {
    ...{ seq: 7, status: "running", reason: null, errors: [], isDone: false, jobs: [] },
    ...{ startedAt: null, finishedAt: null },
  };
  const sources: {
    url: string;
    isClosed: boolean;
    emit: (type: string, id?: number, data?: object) => void;
  }[] = [];
  const delays: number[] = [];
  const connections: Connection[] = [];
  let pending: (() => void) | null = null;
  followRun({
    run,
    url: "/stream",
    openSource(url) {
      const listeners = new Map<string, Listener>();
      const source = {
        url,
        isClosed: false,
        emit(type: string, id?: number, data?: object) {
          const event =
            data === undefined ? {} : { data: JSON.stringify({ at: 1, ...data }), lastEventId: `${id}` };
          listeners.get(type)?.(event);
        },
      };
      sources.push(source);
      return {
        addEventListener: (type, listener) => void listeners.set(type, listener),
        close() {
          source.isClosed = true;
        },
      };
    },
    setTimer(work, delayMs) {
      delays.push(delayMs);
      pending = work;
    },
    onEvent: () => undefined,
    onConnection: (connection) => connections.push(connection),
  });
  const reopen = (): void => {
    const work = pending;
    pending = null;
    work?.();
  };
  const source = () => sources.at(-1)!;
  return { run, sources, source, delays, connections, reopen };
}

const RUNNING = { status: "running", reason: null };

describe("the stream", () => {
  test("is asked for what follows the last event, each time", () => {
    const { sources, source, reopen } = follow();
    source().emit("run", 8, RUNNING);
    source().emit("error");
    reopen();
    expect(sources.map(({ url }) => url)).toEqual(["/stream?after=7", "/stream?after=8"]);
    expect(sources.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });

  test("is retried ever more slowly until an event comes", () => {
    const { source, delays, reopen } = follow();
    for (let i = 0; i < 7; i += 1) {
      source().emit("error");
      reopen();
    }
    expect(delays).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    source().emit("run", 8, RUNNING);
    source().emit("error");
    expect(delays.at(-1)).toBe(250);
  });

  test("tells a failure of the run, which is an event, from one of the connection", () => {
    const { run, source, connections } = follow();
    source().emit("error", 8, { jobId: null, attempt: 0, message: "gateway is away" });
    expect(run.errors).toEqual(["gateway is away"]);
    expect(connections).toEqual(["connecting"]);
    source().emit("error");
    expect(connections.at(-1)).toBe("reconnecting");
  });

  test("with a gap is asked again once; a gap that stays is admitted", () => {
    const { run, source, connections, reopen } = follow();
    source().emit("run", 9, RUNNING);
    expect(connections.at(-1)).toBe("reconnecting");
    reopen();
    source().emit("run", 9, RUNNING);
    expect(connections.at(-1)).toBe("stale");
    expect(run.seq).toBe(7);
  });

  test("that was left says nothing more", () => {
    const { run, source } = follow();
    source().emit("error");
    source().emit("run", 8, RUNNING);
    expect(run.seq).toBe(7);
  });

  test("with something else than events of a run is left", () => {
    const { source, connections } = follow();
    source().emit("run", 8, { status: 5 });
    expect(connections.at(-1)).toBe("stale");
    expect(source().isClosed).toBe(true);
  });

  test("ends with done", () => {
    const { source, connections, delays } = follow();
    source().emit("done", 8, { status: "failed", reason: "why" });
    expect([connections.at(-1), source().isClosed, delays]).toEqual(["ended", true, []]);
  });
});
