// The gateway as a whole on a real PostgreSQL, with the real runner in plain processes and a Worker that gives git:
// attempts live and die as the design says, whoever dies.
import { request as sendRequest } from "node:http";
import { eq } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { SIGNATURE_HEADER, signRequest } from "../schema/signature.ts";
import { runnerPool, workflowRuns } from "../schema/tables/runs.ts";
import type { FakeWorker } from "../scripts/testing/fake-worker.ts";
import type { GitOrigin } from "../scripts/testing/git-origin.ts";
import { ProcessDriver } from "../scripts/testing/process-driver.ts";
import type { RunnerFolder } from "../scripts/testing/runner-process.ts";
import type { GatewayConfig } from "./config.ts";
import { type RunningGateway, startGateway } from "./gateway.ts";
import {
  GATEWAY_TEST_SECRET,
  type GatewaySurroundings,
  makeGatewaySurroundings,
} from "./testing/gateway-surroundings.ts";
import {
  type JobShape,
  type MadeRepository,
  makeRun,
  readEvents,
  readJobs,
  readRun,
  readSteps,
} from "./testing/make-run.ts";
import { claimFor, type OwnLedger, silentLog } from "./testing/test-ledger.ts";

let url: string;
let surroundings: GatewaySurroundings;
let store: OwnLedger;
let repository: MadeRepository;
let origin: GitOrigin;
let worker: FakeWorker;
let folder: RunnerFolder;

beforeAll(async () => {
  surroundings = await makeGatewaySurroundings(inject("databaseUrl"));
  ({ store, origin, worker, folder } = surroundings);
  ({ url, repository } = store);
});

beforeEach(() => store.database.delete(workflowRuns));

afterAll(() => surroundings.remove());

type TestGateway = RunningGateway & { driver: ProcessDriver };

const gateways: TestGateway[] = [];

afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop();
});

async function start(
  more: Partial<GatewayConfig> & { reason?: string; timeoutGraceMs?: number } = {},
): Promise<TestGateway> {
  const { reason, timeoutGraceMs, ...settings } = more;
  const config: GatewayConfig = {
    ...{
      databaseUrl: url,
      workerUrl: worker.url,
      publicUrl: "http://plue.test",
      gatewaySecret: GATEWAY_TEST_SECRET,
    },
    ...{ port: 0, name: "local", dataFolder: folder.path, sandbox: null, poolSize: 1, concurrency: 4 },
    mail: { kind: "none" },
    ...settings,
  };
  const made = Promise.withResolvers<ProcessDriver>();
  const gateway = await startGateway(
    config,
    silentLog,
    async (handler) => {
      const driver = new ProcessDriver(folder, handler);
      made.resolve(driver);
      return reason === undefined ? { available: true, driver } : { available: false, reason };
    },
    timeoutGraceMs === undefined ? {} : { timeoutGraceMs },
  );
  const running = Object.assign(gateway, { driver: await made.promise });
  gateways.push(running);
  return running;
}

const makeJobs = (jobs: JobShape[]) => makeRun(store.database, repository, jobs, origin.headSha);

async function makeJob(script: string): Promise<{ runId: number; jobId: number }> {
  const { runId, jobIds } = await makeJobs([{ key: "a", scripts: [script] }]);
  return { runId, jobId: jobIds.a ?? 0 };
}

const until = (runId: number, status: string) =>
  expect
    .poll(async () => (await readRun(store.database, runId)).status, { timeout: 12_000, interval: 20 })
    .toBe(status);

const readLog = async (runId: number, attempt?: number): Promise<string> =>
  (await readEvents(store.database, runId))
    .filter((event) => event.type === "log" && event.data.stream !== "system")
    .filter((event) => attempt === undefined || event.attempt === attempt)
    .map((event) => event.data.text)
    .join("");

const untilPrinted = (runId: number, text: string) =>
  expect.poll(() => readLog(runId), { timeout: 12_000, interval: 20 }).toContain(text);

async function call(
  gateway: TestGateway,
  method: string,
  path: string,
  secret = GATEWAY_TEST_SECRET,
): Promise<Response> {
  const signature = await signRequest(secret, { method, path, body: "" });
  return fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    method,
    headers: { [SIGNATURE_HEADER]: signature },
  });
}

/** Every event of every attempt once and in order. */
async function expectSoundLog(runId: number): Promise<void> {
  const events = await readEvents(store.database, runId);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  const offsets = events.flatMap((event) =>
    event.offset === null ? [] : [`${event.jobId}.${event.attempt}.${event.offset}`],
  );
  expect(new Set(offsets).size).toBe(offsets.length);
  expect(events.filter((event) => event.type === "done")).toHaveLength(1);
  expect(events.at(-1)?.type).toBe("done");
}

describe("a run", () => {
  it("is claimed when woken, checked out through the Worker, and reported to its end", async () => {
    const gateway = await start();
    const { runId, jobId } = await makeJob("cat README.md; echo of $GITHUB_REPOSITORY");
    expect((await call(gateway, "POST", "/wake")).status).toBe(202);
    await until(runId, "succeeded");
    expect(await readLog(runId)).toBe(`Read me\nof ${repository.owner}/demo\n`);
    await expectSoundLog(runId);
    const [job] = await readJobs(store.database, runId);
    expect(job).toMatchObject({
      status: "succeeded",
      gateway: "local",
      // The technology alone: the rest of the description is for the health check.
      sandbox: "bubblewrap",
    });
    const { queue, claim, handover, checkout, firstOutput, total } = job?.timings ?? {};
    const parts = [queue, claim, handover, checkout, firstOutput].map((part) => part ?? Number.NaN);
    expect(Math.abs(parts.reduce((sum, part) => sum + part, 0) - (total ?? 0))).toBeLessThan(500);
    const request = worker.gitRequests.at(-1);
    expect(request?.url).toBe(`/${repository.owner}/demo.git/git-upload-pack`);
    expect(atob(request?.authorization.replace("Basic ", "") ?? "")).toMatch(/^run:plue_run_/);
    await expect.poll(() => worker.pokes).toBeGreaterThan(0);
    expect(await readSteps(store.database, jobId)).toMatchObject([{ status: "succeeded", exitCode: 0 }]);
  });

  it("is found without being woken, and its jobs follow each other at once", async () => {
    await start();
    const { runId } = await makeJobs([{ key: "a" }, { key: "b", needs: ["a"] }, { key: "c", needs: ["b"] }]);
    await until(runId, "succeeded");
    const jobs = await readJobs(store.database, runId);
    expect(jobs.map((job) => [job.status, job.attempt])).toEqual(Array(3).fill(["succeeded", 1]));
    await expectSoundLog(runId);
  });

  it("runs no more jobs at once than the gateway may", async () => {
    await start({ concurrency: 2 });
    const keys = ["a", "b", "c", "d", "e"];
    const { runId } = await makeJobs(keys.map((key) => ({ key, scripts: ["sleep 0.3"] })));
    let most = 0;
    await expect
      .poll(
        async () => {
          const jobs = await readJobs(store.database, runId);
          most = Math.max(most, jobs.filter((job) => job.status === "running").length);
          return (await readRun(store.database, runId)).status;
        },
        { timeout: 14_000, interval: 30 },
      )
      .toBe("succeeded");
    expect(most).toBe(2);
  });

  it("is cancelled within a second, also when the hint is lost", async () => {
    const gateway = await start();
    for (const isHinted of [true, false]) {
      const { runId } = await makeJobs([
        { key: "a", scripts: ["echo begun; sleep 600", "echo never"] },
        { key: "b", needs: ["a"] },
      ]);
      await untilPrinted(runId, "begun");
      const cancelled = { cancelRequestedAt: new Date() };
      await store.database.update(workflowRuns).set(cancelled).where(eq(workflowRuns.id, runId));
      const askedAtMs = performance.now();
      if (isHinted) await call(gateway, "POST", `/runs/${runId}/cancel`);
      await until(runId, "cancelled");
      expect(performance.now() - askedAtMs).toBeLessThan(1_500);
      const jobs = await readJobs(store.database, runId);
      expect(jobs.map((job) => job.status)).toEqual(["cancelled", "cancelled"]);
      const steps = await readSteps(store.database, jobs[0]?.id ?? 0);
      expect(steps.map((step) => step.status)).toEqual(["cancelled", "cancelled"]);
      await expectSoundLog(runId);
    }
    await expect.poll(() => gateway.driver.list().filter((box) => box.claim !== null)).toEqual([]);
  });
});

describe("an attempt", () => {
  it("whose sandbox dies is followed by another, and by a failure when they are used up", async () => {
    const gateway = await start();
    const { runId, jobId } = await makeJob("echo attempt $GITHUB_RUN_ATTEMPT; sleep 600");
    for (const attempt of [1, 2, 3]) {
      await untilPrinted(runId, `attempt ${attempt}`);
      await gateway.driver.breakSandbox(jobId);
    }
    await until(runId, "failed");
    const { failureReason } = await readRun(store.database, runId);
    expect(failureReason).toMatch(/^lost: its sandbox ended with exit code \d+ before the job did/);
    expect(await readLog(runId)).toBe("attempt 1\nattempt 2\nattempt 3\n");
    await expectSoundLog(runId);
  });

  it("that takes more memory than there is fails, and isn't tried again", async () => {
    const gateway = await start();
    const { runId, jobId } = await makeJob("echo begun; sleep 600");
    await untilPrinted(runId, "begun");
    gateway.driver.exitReason = "out-of-memory";
    await gateway.driver.breakSandbox(jobId);
    await until(runId, "failed");
    const [job] = await readJobs(store.database, runId);
    expect(job).toMatchObject({
      attempt: 1,
      failureReason: "ran out of the sandbox's memory and was killed",
    });
  });

  it("that its runner doesn't end in time is ended for it", async () => {
    await start({ timeoutGraceMs: -59_000 });
    const { runId } = await makeJob("sleep 600");
    await until(runId, "failed");
    const [job] = await readJobs(store.database, runId);
    expect(job?.failureReason).toBe("timed out after 60 s, and its runner didn't stop it");
  });

  it("without any sandbox fails with the reason, and nothing runs", async () => {
    const gateway = await start({ reason: "no sandbox works here (bubblewrap: not installed)" });
    const { runId } = await makeJob("touch /tmp/plue-ran-unsandboxed");
    await until(runId, "failed");
    const reason = expect.stringMatching(/^No sandbox works on this server/);
    expect((await readRun(store.database, runId)).failureReason).toEqual(reason);
    expect((await readJobs(store.database, runId))[0]).toMatchObject({
      failureReason: reason,
      sandbox: "none",
    });
    expect(await readLog(runId)).toBe("");
    const health = await (await call(gateway, "GET", "/health")).json();
    expect(health).toMatchObject({
      sandboxAvailable: false,
      sandbox: expect.stringContaining("bubblewrap: not installed"),
    });
    await expectSoundLog(runId);
  });

  it("whose sandbox can't be started this time is tried again", async () => {
    const gateway = await start();
    gateway.driver.startProblem = "no room";
    const { runId } = await makeJob("echo never");
    await until(runId, "failed");
    expect((await readRun(store.database, runId)).failureReason).toBe(
      "lost: its sandbox could not be started",
    );
    expect((await readJobs(store.database, runId))[0]?.attempt).toBe(3);
  });
});

describe("a gateway", () => {
  it("that stops gives its jobs back, and another goes on at once", async () => {
    const first = await start({ name: "first" });
    const { runId } = await makeJob(
      "echo attempt $GITHUB_RUN_ATTEMPT; [ $GITHUB_RUN_ATTEMPT = 2 ] || sleep 600",
    );
    await untilPrinted(runId, "attempt 1");
    const stoppedAtMs = performance.now();
    await first.stop();
    expect(performance.now() - stoppedAtMs).toBeLessThan(4_000);
    expect((await readJobs(store.database, runId))[0]).toMatchObject({ status: "waiting", attempt: 1 });
    await start({ name: "second" });
    await until(runId, "succeeded");
    expect(await readLog(runId)).toBe("attempt 1\nattempt 2\n");
    expect((await readJobs(store.database, runId))[0]).toMatchObject({ gateway: "second", attempt: 2 });
    await expectSoundLog(runId);
  });

  it("takes over at once what a dead one of its name held, and leaves the living alone", async () => {
    const own = await makeJob("echo again");
    await claimFor(store.ledger, "local");
    const others = await makeJob("echo elsewhere");
    await claimFor(store.ledger, "remote");
    await start();
    await until(own.runId, "succeeded");
    expect((await readJobs(store.database, own.runId))[0]).toMatchObject({ attempt: 2 });
    expect((await readJobs(store.database, others.runId))[0]).toMatchObject({
      status: "running",
      attempt: 1,
    });
  });

  it("answers nobody who doesn't know the secret, but for its health", async () => {
    const gateway = await start();
    const { runId } = await makeJob("echo hello");
    for (const [method, path] of [
      ["POST", "/wake"],
      ["POST", `/runs/${runId}/cancel`],
      ["GET", `/runs/${runId}/stream?after=0`],
    ] as const) {
      expect((await call(gateway, method, path, "another-secret-of-some-length-32")).status).toBe(404);
      expect((await fetch(`http://127.0.0.1:${gateway.port}${path}`, { method })).status).toBe(404);
    }
    const health = await (await fetch(`http://127.0.0.1:${gateway.port}/health`)).json();
    expect(health).toMatchObject({
      ok: true,
      gateway: "local",
      driver: "bubblewrap",
      sandboxAvailable: true,
      mail: "none",
    });
  });

  it("streams a run while it happens", async () => {
    const gateway = await start();
    const { runId } = await makeJob("for i in 1 2 3; do echo line $i; sleep 0.05; done");
    const response = await call(gateway, "GET", `/runs/${runId}/stream?after=0`);
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const text = await response.text();
    const seqs = [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(text).toMatch(/event: done\ndata: \{"at":\d+,.*"status":"succeeded"/);
    expect(text).toContain("line 3\\n");
  });

  it("lets a sandbox read its own repository and report as itself, and nothing else", async () => {
    const gateway = await start();
    const { runId, jobId } = await makeJob("echo begun; sleep 600");
    await untilPrinted(runId, "begun");
    const authorization = worker.gitRequests.at(-1)?.authorization ?? "";
    const runToken = atob(authorization.replace("Basic ", "")).slice("run:".length);
    const socketPath = gateway.driver.findSocket(jobId);
    const { report: reportToken, git: gitToken } = gateway.driver.findTokens(jobId);
    // Over the sandbox's own socket, as an attacker in it who got that far.
    const ask = (method: string, path: string, given: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const request = sendRequest(
          { socketPath, method, path, headers: { authorization: `Bearer ${given}` } },
          (answer) => resolve(answer.resume().statusCode ?? 0),
        );
        request.on("error", reject).end();
      });
    const own = `/git/${repository.owner}/demo.git`;
    expect(await ask("GET", "/v1/handover", "")).toBe(410);
    const token = gitToken;
    expect(await ask("GET", `${own}/info/refs?service=git-upload-pack`, token)).toBe(200);
    for (const other of [reportToken, runToken])
      expect(await ask("GET", `${own}/info/refs?service=git-upload-pack`, other)).toBe(401);
    expect(await ask("GET", `${own}/info/refs?service=git-receive-pack`, token)).toBe(403);
    expect(await ask("POST", `${own}/git-receive-pack`, token)).toBe(403);
    expect(await ask("GET", "/git/other/demo.git/info/refs?service=git-upload-pack", token)).toBe(403);
    expect(await ask("GET", `${own}/../../x.git/info/refs?service=git-upload-pack`, token)).toBe(403);
    for (const other of [`${reportToken}x`, "", gitToken, runToken]) {
      expect(await ask("GET", "/v1/events/acknowledged", other)).toBe(401);
      expect(await ask("POST", "/v1/events", other)).toBe(401);
    }
    expect(await ask("GET", "/v1/events/acknowledged", reportToken)).toBe(200);
    expect(await ask("GET", "/anything", reportToken)).toBe(404);
  });

  it("keeps its pool's rows as its sandboxes are, and takes them away", async () => {
    const gateway = await start({ poolSize: 2 });
    const readPool = () => store.database.select().from(runnerPool).where(eq(runnerPool.gateway, "local"));
    await expect.poll(async () => (await readPool()).map((row) => row.state)).toEqual(["standby", "standby"]);
    const { runId, jobId } = await makeJob("echo begun; sleep 600");
    await untilPrinted(runId, "begun");
    await expect
      .poll(async () => (await readPool()).filter((row) => row.state === "claimed"), { timeout: 5_000 })
      .toMatchObject([{ jobId, attempt: 1, driver: "bubblewrap" }]);
    await gateway.stop();
    expect(await readPool()).toEqual([]);
  });
});
