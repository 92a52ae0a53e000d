// A driver whose "sandboxes" are plain child processes that run the real runner, for tests of the gateway alone.
// It confines nothing, so only tests may use it.
import { createServer, type IncomingMessage, type Server } from "node:http";
import { join } from "node:path";
import type {
  ExitReason,
  SandboxClaim,
  SandboxDriver,
  SandboxEvent,
  SandboxHandler,
  SandboxListing,
  StartedSandbox,
} from "../../runner-gateway/drivers/driver.ts";
import { type RunnerFolder, type RunnerProcess, spawnRunner } from "./runner-process.ts";

interface Box extends SandboxListing {
  server: Server;
  runner: RunnerProcess;
  connected: PromiseWithResolvers<void>;
  gone: PromiseWithResolvers<void>;
  isKilled: boolean;
  tokens: { report: string; git: string };
}

let count = 0;

function noteToken(tokens: Box["tokens"], { url = "", headers }: IncomingMessage): void {
  const token = headers.authorization?.replace("Bearer ", "");
  if (token !== undefined) tokens[url.startsWith("/git/") ? "git" : "report"] ||= token;
}

export class ProcessDriver implements SandboxDriver {
  readonly name = "bubblewrap";
  readonly description = "plain processes, for tests";
  readonly #folder: RunnerFolder;
  readonly #handler: SandboxHandler;
  readonly #boxes = new Map<string, Box>();
  readonly #listeners = new Set<(event: SandboxEvent) => void>();
  /** What the next sandbox that ends by itself is said to have ended of. */
  exitReason: ExitReason = "finished";
  /** When set, no sandbox can be started, for this reason. */
  startProblem: string | null = null;

  constructor(folder: RunnerFolder, handler: SandboxHandler) {
    this.#folder = folder;
    this.#handler = handler;
  }

  async warm(wanted: number): Promise<void> {
    await Promise.all(Array.from({ length: wanted }, async () => (await this.#boot()).connected.promise));
  }

  async start(claim: SandboxClaim): Promise<StartedSandbox> {
    if (this.startProblem !== null) return { started: false, reason: this.startProblem };
    const standby = [...this.#boxes.values()].find((box) => box.claim === null && box.state === "standby");
    const box = standby ?? (await this.#boot());
    box.claim = claim;
    await box.connected.promise;
    box.state = "claimed";
    return { started: true, sandboxId: box.sandboxId, warm: standby !== undefined };
  }

  /** The socket over which the sandbox of this job reaches the gateway. */
  findSocket(jobId: number): string {
    return String(this.#findBox(jobId)?.server.address());
  }

  /** The tokens that the runner of this job has used so far; empty where it used none. */
  findTokens(jobId: number): { report: string; git: string } {
    return this.#findBox(jobId)?.tokens ?? { report: "", git: "" };
  }

  #findBox(jobId: number): Box | undefined {
    return [...this.#boxes.values()].find(({ claim }) => claim?.jobId === String(jobId));
  }

  /** Ends the runner of this job as if it had died. */
  async breakSandbox(jobId: number): Promise<void> {
    await this.#findBox(jobId)?.runner.kill();
  }

  async kill(sandboxId: string): Promise<void> {
    const box = this.#boxes.get(sandboxId);
    if (!box) return;
    box.isKilled = true;
    await box.runner.kill();
    await box.gone.promise;
  }

  list(): SandboxListing[] {
    return [...this.#boxes.values()].map(({ sandboxId, state, claim, startedAt }) => ({
      ...{ sandboxId, state, claim, startedAt },
    }));
  }

  subscribe(listener: (event: SandboxEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#boxes.keys()].map((sandboxId) => this.kill(sandboxId)));
  }

  async #boot(): Promise<Box> {
    count += 1;
    const sandboxId = `process-${process.pid}-${count}`;
    const connected = Promise.withResolvers<void>();
    const tokens = { report: "", git: "" };
    const server = createServer({ requestTimeout: 0 }, (request, response) => {
      connected.resolve();
      noteToken(tokens, request);
      this.#handler(sandboxId, request, response);
    });
    const socketPath = join(this.#folder.path, `${sandboxId}.sock`);
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const runner = spawnRunner(this.#folder, sandboxId, socketPath);
    const box: Box = {
      ...{ sandboxId, state: "starting", claim: null, startedAt: Date.now(), isKilled: false },
      ...{ server, runner, tokens, connected, gone: Promise.withResolvers<void>() },
    };
    this.#boxes.set(sandboxId, box);
    void connected.promise.then(() => {
      if (box.state === "starting") box.state = "standby";
      this.#emit({ type: "standby", sandboxId, bootMs: Date.now() - box.startedAt });
    });
    void runner.exited.then((exitCode) => this.#bury(box, exitCode));
    return box;
  }

  #bury(box: Box, exitCode: number): void {
    this.#boxes.delete(box.sandboxId);
    box.server.closeAllConnections();
    box.server.close();
    const reason = box.isKilled ? "killed" : this.exitReason;
    const { sandboxId, claim } = box;
    this.#emit({
      type: "exited",
      sandboxId,
      claim,
      exitCode,
      signal: null,
      reason,
      output: box.runner.said(),
    });
    box.gone.resolve();
  }

  #emit(event: SandboxEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
