// Readers of a run: all that was and all that comes, once and in order, across cuts and restarts; a slow one is
// dropped and holds nobody.
import { createServer, get, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { openDatabase } from "../database.ts";
import { endJob } from "../runs/end-job.ts";
import { readLiveJob } from "../runs/move-job.ts";
import { recordEvent } from "../runs/run-change.ts";
import { createRunLedger, type RunLedger } from "../runs/run-ledger.ts";
import { type MadeRepository, makeRepository, makeRun } from "../testing/make-run.ts";
import { claimFor, silentLog } from "../testing/test-ledger.ts";
import { followOthers } from "./follow-others.ts";
import { RunFeed } from "./run-feed.ts";
import { type StreamEnd, serveStream } from "./serve-stream.ts";

const { database, close } = openDatabase(inject("databaseUrl"), silentLog);
let repository: MadeRepository;

beforeAll(async () => {
  repository = await makeRepository(database);
});

afterAll(close);

/** A gateway's streams and nothing else of it: what dies with a gateway dies with this. */
interface StreamGateway {
  feed: RunFeed;
  ledger: RunLedger;
  port: number;
  ends: StreamEnd[];
  stop(): Promise<void>;
}

const gateways: StreamGateway[] = [];

afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop();
});

async function startStreams(stallMs = 10_000, pingMs = 15_000): Promise<StreamGateway> {
  const feed = new RunFeed();
  const ledger = createRunLedger(database, {
    published: (runId, events) => feed.publish(runId, events),
    announced: () => undefined,
  });
  const leaving = new AbortController();
  const ends: StreamEnd[] = [];
  const server: Server = createServer((request, response) => {
    const url = new URL(`http://x${request.url}`);
    const runId = Number(url.pathname.slice(1));
    const afterSeq = Number(url.searchParams.get("after"));
    serveStream(response, { database, feed, runId, afterSeq, signal: leaving.signal, stallMs, pingMs }).then(
      (end) => ends.push(end),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const gateway: StreamGateway = {
    ...{ feed, ledger, ends, port: (server.address() as AddressInfo).port },
    stop: async () => {
      leaving.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  gateways.push(gateway);
  return gateway;
}

const open = (port: number, runId: number, after = 0): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(`http://127.0.0.1:${port}/${runId}?after=${after}`, resolve).on("error", reject);
  });

interface SeenEvent {
  seq: number;
  type: string;
}

/** Reads until `done`, the end, or a cut. */
async function readSeen(answer: IncomingMessage, until: (seen: SeenEvent[]) => boolean = () => false) {
  const seen: SeenEvent[] = [];
  let text = "";
  answer.setEncoding("utf8");
  try {
    for await (const chunk of answer) {
      text += chunk;
      const frames = text.split("\n\n");
      text = frames.pop() ?? "";
      for (const frame of frames) {
        const [, seq, type] = /^id: (\d+)\nevent: (\w+)\ndata: \{/.exec(frame) ?? [];
        if (seq !== undefined && type !== undefined) seen.push({ seq: Number(seq), type });
      }
      if (until(seen)) answer.destroy();
    }
  } catch (error) {
    if (!answer.destroyed) throw error;
  }
  return seen;
}

async function makeRunning(ledger: RunLedger): Promise<{ runId: number; jobId: number }> {
  const made = await makeRun(database, repository, [{ key: "a" }]);
  const jobId = made.jobIds.a ?? 0;
  let claimed = false;
  while (!claimed) claimed = (await claimFor(ledger, "g")).some((claim) => claim.jobId === jobId);
  return { runId: made.runId, jobId };
}

async function print(
  ledger: RunLedger,
  run: { runId: number; jobId: number },
  texts: string[],
): Promise<void> {
  await ledger.change(run.runId, async (change) => {
    for (const text of texts) {
      const data = { jobId: run.jobId, attempt: 1, stepId: null, stream: "stdout", text } as const;
      recordEvent(change, "log", data, { jobId: run.jobId, attempt: 1 });
    }
  });
}

async function finish(ledger: RunLedger, run: { runId: number; jobId: number }): Promise<void> {
  await ledger.change(run.runId, async (change) => {
    const job = await readLiveJob(change, run.jobId, 1);
    if (job) await endJob(change, job, { status: "succeeded", reason: null, isInfrastructure: false });
  });
}

const countTo = (length: number) => Array.from({ length }, (_, index) => index + 1);

describe("serveStream", () => {
  it("replays what was, follows what comes, and ends after done", async () => {
    const { ledger, port, ends } = await startStreams();
    const run = await makeRunning(ledger);
    await print(ledger, run, countTo(250).map(String));
    const reading = readSeen(await open(port, run.runId));
    for (const text of ["live 1", "live 2"]) await print(ledger, run, [text]);
    await finish(ledger, run);
    const seen = await reading;
    expect(seen.map((event) => event.seq)).toEqual(countTo(seen.length));
    expect(seen).toHaveLength(2 + 250 + 2 + 4);
    expect(seen.at(-1)?.type).toBe("done");
    await expect.poll(() => ends).toEqual(["done"]);
  });

  it("resumes after any event without a gap or a double, across cuts and a restart of the gateway", async () => {
    const first = await startStreams();
    const run = await makeRunning(first.ledger);
    const writing = (async () => {
      for (let round = 0; round < 60; round += 1) await print(first.ledger, run, [`${round}`]);
    })();
    const seen: SeenEvent[] = [];
    for (const cutAt of [5, 11, 23, 40]) {
      const answer = await open(first.port, run.runId, seen.at(-1)?.seq ?? 0);
      seen.push(...(await readSeen(answer, (part) => (part.at(-1)?.seq ?? 0) >= cutAt)));
    }
    const cut = readSeen(await open(first.port, run.runId, seen.at(-1)?.seq ?? 0));
    await writing;
    await first.stop();
    seen.push(...(await cut));
    const second = await startStreams();
    const reading = readSeen(await open(second.port, run.runId, seen.at(-1)?.seq ?? 0));
    await print(second.ledger, run, ["after the restart"]);
    await finish(second.ledger, run);
    seen.push(...(await reading));
    expect(seen.map((event) => event.seq)).toEqual(countTo(2 + 60 + 1 + 4));
  });

  it("shows what another process wrote", async () => {
    const [reader, writer] = [await startStreams(), await startStreams()];
    const run = await makeRunning(writer.ledger);
    const reading = readSeen(await open(reader.port, run.runId));
    await expect.poll(() => reader.feed.followerCount).toBe(1);
    await print(writer.ledger, run, ["from elsewhere"]);
    await finish(writer.ledger, run);
    await followOthers(database, reader.feed);
    const seen = await reading;
    expect(seen.map((event) => event.seq)).toEqual(countTo(7));
  });

  it("drops a reader that takes nothing, to resume where it was, and serves the others meanwhile", async () => {
    const { ledger, port, ends } = await startStreams(300);
    const run = await makeRunning(ledger);
    const stuck = await open(port, run.runId);
    stuck.pause();
    const reading = readSeen(await open(port, run.runId));
    for (let round = 0; round < 24; round += 1) {
      await print(ledger, run, Array(16).fill("x".repeat(32 * 1024)));
    }
    await finish(ledger, run);
    const seen = await reading;
    expect(seen.map((event) => event.seq)).toEqual(countTo(2 + 24 * 16 + 4));
    await expect.poll(() => [...ends].sort(), { timeout: 10_000 }).toEqual(["done", "stalled"]);

    const taken = await readSeen(stuck);
    expect(taken.length).toBeLessThan(seen.length);
    const rest = await readSeen(await open(port, run.runId, taken.length));
    expect([...taken, ...rest].map((event) => event.seq)).toEqual(seen.map((event) => event.seq));
  });

  it("pings while nothing happens, without an id that would move the reader", async () => {
    const { ledger, port } = await startStreams(10_000, 20);
    const run = await makeRunning(ledger);
    const answer = await open(port, run.runId);
    let text = "";
    answer.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    await expect.poll(() => text.match(/^event: ping\ndata: \{\}\n\n/gm)?.length).toBeGreaterThan(2);
    expect(text.match(/^id: /gm)).toHaveLength(2);
    answer.destroy();
  });

  it("ends at once for who has seen done, and knows no run that isn't there", async () => {
    const { ledger, port } = await startStreams();
    const run = await makeRunning(ledger);
    await finish(ledger, run);
    const all = await readSeen(await open(port, run.runId));
    expect(await readSeen(await open(port, run.runId, all.at(-1)?.seq))).toEqual([]);
    expect((await open(port, 2 ** 40)).statusCode).toBe(404);
  });

  it("keeps nothing for a run that nobody reads", async () => {
    const { ledger, port, feed } = await startStreams();
    const run = await makeRunning(ledger);
    const answer = await open(port, run.runId);
    await expect.poll(() => feed.followerCount).toBe(1);
    answer.destroy();
    await expect.poll(() => feed.listFollowed()).toEqual([]);
  });
});
