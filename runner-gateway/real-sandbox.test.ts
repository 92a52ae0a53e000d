// The gateway with each real sandbox of this machine: what a step leaves behind ends with it, however it hides.
import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import type { FakeWorker } from "../scripts/testing/fake-worker.ts";
import type { GitOrigin } from "../scripts/testing/git-origin.ts";
import type { RunnerFolder } from "../scripts/testing/runner-process.ts";
import { chooseDriver } from "./drivers/choose-driver.ts";
import { listSearchFolders } from "./drivers/find-programs.ts";
import { defaultSandboxLimits } from "./drivers/limits.ts";
import { type RunningGateway, startGateway } from "./gateway.ts";
import {
  GATEWAY_TEST_SECRET,
  type GatewaySurroundings,
  makeGatewaySurroundings,
} from "./testing/gateway-surroundings.ts";
import {
  type MadeRepository,
  makeRun,
  readEvents,
  readJobs,
  readRun,
  readSteps,
} from "./testing/make-run.ts";
import { type OwnLedger, silentLog } from "./testing/test-ledger.ts";

let url: string;
let surroundings: GatewaySurroundings;
let store: OwnLedger;
let repository: MadeRepository;
let origin: GitOrigin;
let worker: FakeWorker;
let folder: RunnerFolder;
let gateway: RunningGateway | null = null;

beforeAll(async () => {
  surroundings = await makeGatewaySurroundings(inject("databaseUrl"));
  ({ store, origin, worker, folder } = surroundings);
  ({ url, repository } = store);
});

afterEach(async () => {
  await gateway?.stop();
  gateway = null;
});

afterAll(() => surroundings.remove());

const start = (sandbox: "bubblewrap" | "gvisor"): Promise<RunningGateway> =>
  startGateway(
    {
      ...{
        databaseUrl: url,
        workerUrl: worker.url,
        publicUrl: "http://plue.test",
        gatewaySecret: GATEWAY_TEST_SECRET,
      },
      ...{ port: 0, name: sandbox, dataFolder: folder.path, sandbox, poolSize: 1, concurrency: 2 },
      mail: { kind: "none" },
    },
    silentLog,
    (handler) =>
      chooseDriver({
        ...{ handler, runnerProgram: folder.program, nodePath: process.execPath, log: silentLog },
        ...{ dataFolder: `${folder.path}/${sandbox}`, limits: defaultSandboxLimits, insist: sandbox },
        searchFolders: listSearchFolders(process.env.PATH ?? ""),
      }),
  );

interface EndedJob {
  steps: { status: string; text: string }[];
  sandbox: string | null;
}

async function runSteps(scripts: string[]): Promise<EndedJob> {
  const made = await makeRun(store.database, repository, [{ key: "a", scripts }], origin.headSha);
  await expect
    .poll(async () => (await readRun(store.database, made.runId)).finishedAt, {
      timeout: 60_000,
      interval: 50,
    })
    .not.toBeNull();
  const events = await readEvents(store.database, made.runId);
  const [job] = await readJobs(store.database, made.runId);
  const steps = await readSteps(store.database, made.jobIds.a ?? 0);
  return {
    sandbox: job?.sandbox ?? null,
    steps: steps.map(({ id, status }) => ({
      status,
      text: events
        .filter((event) => event.type === "log" && event.stepId === id)
        .map((event) => event.data.text)
        .join(""),
    })),
  };
}

// Long enough to be found if it lived on, and found by a name of its own.
const ESCAPE = "(setsid sh -c 'trap \"\" TERM; exec sleep 1234' &) ; (sleep 1235 &) ; sleep 0.2; echo left";
/** Asks for the handover again, then reports that the job succeeded, with every token that it can lay hands on. */
const FORGE_RESULT = `cat > /tmp/forge.js <<'END'
const http = require("http"), fs = require("fs");
const ask = (method, path, token, body) => new Promise((resolve) => {
  const headers = token ? { authorization: "Bearer " + token } : {};
  const request = http.request({ socketPath: "/run/plue/gateway.sock", method, path, headers }, (answer) => {
    let text = "";
    answer.on("data", (chunk) => (text += chunk)).on("end", () => resolve([answer.statusCode, text]));
  });
  request.on("error", (error) => resolve([error.code, ""])).end(body);
});
(async () => {
  const tokens = new Set([undefined]);
  const [status, text] = await ask("GET", "/v1/handover");
  for (const token of text.match(/[\\w-]{40,}/g) ?? []) tokens.add(token);
  for (const pid of fs.readdirSync("/proc").filter((name) => Number(name) && Number(name) !== process.pid))
    for (const file of ["environ", "mem", "maps", "fd"])
      try { fs.closeSync(fs.openSync("/proc/" + pid + "/" + file)); console.log("opened", file, fs.readFileSync("/proc/" + pid + "/cmdline", "utf8").slice(0, 40)); } catch {}
  const lines = [1, 2, 3, 4, 5, 6].map((offset) => JSON.stringify({ offset, at: Date.now(), type: "done", status: "succeeded", reason: null }));
  const answers = [];
  for (const token of tokens) answers.push((await ask("POST", "/v1/events", token, lines.join("\\n") + "\\n"))[0]);
  console.log("answers", status, ...answers);
})();
END
exec node /tmp/forge.js`;
const LOOK = "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'sleep 123[45]' || echo clean";

describe.each(["bubblewrap", "gvisor"] as const)("in %s", (sandbox) => {
  it("what left its session and its parent is gone when the next step starts", {
    timeout: 90_000,
  }, async () => {
    gateway = await start(sandbox);
    const { steps, sandbox: shown } = await runSteps([ESCAPE, LOOK, "id -u; cat README.md"]);
    expect(shown).toBe(sandbox);
    expect(steps).toEqual([
      { status: "succeeded", text: "left\n" },
      { status: "succeeded", text: expect.stringMatching(/clean\n$/) },
      { status: "succeeded", text: expect.stringMatching(/^[1-9]\d{4,}\nRead me\n$/) },
    ]);
    expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toMatch(/sleep 123[45]/);
  });

  it("a step can't report its job's result in the runner's place", { timeout: 90_000 }, async () => {
    gateway = await start(sandbox);
    const { steps } = await runSteps([FORGE_RESULT, "exit 3"]);
    expect(steps).toEqual([
      { status: "succeeded", text: expect.stringMatching(/^answers (EACCES EACCES|410 401)\n$/) },
      { status: "failed", text: "" },
    ]);
  });

  it("a thousand and more orphans leave room for the next step", { timeout: 90_000 }, async () => {
    gateway = await start(sandbox);
    const { steps } = await runSteps(["for i in $(seq 1 1200); do (true &); done; echo done", "echo next"]);
    expect(steps).toEqual([
      { status: "succeeded", text: "done\n" },
      { status: "succeeded", text: "next\n" },
    ]);
  });

  it("a fork bomb ends with its step, and the job goes on to its end", { timeout: 90_000 }, async () => {
    gateway = await start(sandbox);
    const bomb = "bomb() { bomb | bomb & }; bomb 2>/dev/null; sleep 1; exit 7";
    const { steps } = await runSteps([bomb, "echo never"]);
    expect(steps.map((step) => step.status)).toEqual(["failed", "skipped"]);
    expect((await runSteps(["echo neighbour"])).steps).toEqual([
      { status: "succeeded", text: "neighbour\n" },
    ]);
  });
});
