/**
 * One sandbox from its launch to the removal of all that it was. Whatever ends it, its cgroup, its socket and its
 * folder are gone before `ended` resolves.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Cgroup } from "./cgroup.ts";
import { createCgroup } from "./cgroup.ts";
import type { ExitReason, SandboxClaim, SandboxEvent, SandboxState } from "./driver.ts";
import { GatewaySocket } from "./gateway-socket.ts";
import { type HostProcess, killProcess, listDescendants, waitUntilGone } from "./host-process.ts";
import { lingerMs, memoryCheckMs, outputTailBytes, standbyTimeoutMs } from "./limits.ts";
import { hostEnvironment, type LocalHost, prepareCommand } from "./local-host.ts";
import { recordProcess } from "./owner-folder.ts";
import { writeAccounts } from "./root-image.ts";
import { type SandboxUsers, singleUser } from "./sandbox-users.ts";
import type { Technology } from "./technology.ts";

type Exit = { exitCode: number | null; signal: string | null };
type Ended = Extract<SandboxEvent, { type: "exited" }>;

type SandboxOrder = {
  host: LocalHost;
  technology: Technology;
  sandboxId: string;
  /** Run inside instead of the host's runner program. */
  program: string;
  emit: (event: SandboxEvent) => void;
};

/** A program that ends before it read its input breaks the pipe, which says no more than its exit does. */
function endInput({ stdin }: ChildProcess): void {
  stdin?.on("error", () => undefined);
  stdin?.end();
}

export class Sandbox {
  readonly sandboxId: string;
  readonly startedAt = Date.now();
  state: SandboxState = "starting";
  claim: SandboxClaim | null = null;
  readonly #order: SandboxOrder;
  readonly #connected = Promise.withResolvers<boolean>();
  readonly #ended = Promise.withResolvers<Ended>();
  #folder: string | null = null;
  #users: SandboxUsers | null = null;
  #socket: GatewaySocket | null = null;
  #cgroup: Cgroup | null = null;
  #child: ChildProcess | null = null;
  #outputEnded: Promise<unknown> = Promise.resolve();
  #output: Buffer = Buffer.alloc(0);
  #memoryKills = 0;
  #dying: HostProcess[] = [];
  #wasConnected = false;
  #killed = false;

  constructor(order: SandboxOrder) {
    this.#order = order;
    this.sandboxId = order.sandboxId;
  }

  /** True once the runner has made its first request, false when it ended before. */
  get connected(): Promise<boolean> {
    return this.#connected.promise;
  }

  get ended(): Promise<Ended> {
    return this.#ended.promise;
  }

  /** Launches it; resolves when it has ended and nothing of it is left. What fails ends it, as its output says. */
  async run(): Promise<void> {
    const { sandboxId, emit, host, technology } = this.#order;
    let exit: Exit = { exitCode: null, signal: null };
    try {
      this.#folder = host.owner.makeSandboxFolder(sandboxId);
      this.#users = technology.hasTwoUsers ? host.users.take() : singleUser;
      const ownerId = host.asRoot ? this.#users.runner : null;
      this.#socket = await GatewaySocket.listen(this.#folder, ownerId, (request, response) => {
        if (this.state === "starting") this.#becomeConnected();
        host.options.handler(sandboxId, request, response);
      });
      if (!this.#killed) exit = await this.#runProcess(this.#folder, this.#socket, this.#users);
    } catch (error) {
      this.#note(`${error instanceof Error ? error.message : String(error)}\n`);
    }
    this.state = "ending";
    await this.#clean();
    const reason = this.#findReason(exit);
    const ended: Ended = {
      type: "exited",
      sandboxId,
      claim: this.claim,
      ...exit,
      reason,
      output: this.#output.toString(),
    };
    this.#connected.resolve(false);
    this.#ended.resolve(ended);
    emit(ended);
  }

  /** Kills everything in it; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#killed = true;
    this.state = "ending";
    this.#killProcesses();
    await this.ended;
  }

  /** From the inside out, so that the launched process reaps the others; it is killed too when it lingers. */
  #killProcesses(): void {
    const child = this.#child;
    if (child?.pid === undefined) return;
    this.#dying = listDescendants(child.pid);
    for (const inside of this.#dying) killProcess(inside);
    setTimeout(() => child.kill("SIGKILL"), this.#dying.length === 0 ? 0 : lingerMs).unref();
  }

  async #runProcess(folder: string, socket: GatewaySocket, users: SandboxUsers): Promise<Exit> {
    const { host, technology, sandboxId, program } = this.#order;
    const { limits, nodePath } = host.options;
    const hostLimits = { ...limits, pids: technology.countHostPids(limits.pids) };
    if (host.cgroups.usable) this.#cgroup = createCgroup(host.cgroups.folders, sandboxId, hostLimits);
    const accountFolder = join(folder, "accounts");
    writeAccounts(accountFolder, users);
    const launch = technology.launch({
      ...{ sandboxId, folder, socketFolder: socket.folder, image: host.image, nodePath, program, limits },
      ...{ users, accountFolder },
      limitedByCgroup: host.cgroups.usable,
    });
    const [command, ...commandArguments] = prepareCommand(
      launch.command,
      this.#cgroup?.joinFiles ?? [],
      2 + launch.files.length,
    );
    if (command === undefined) throw new Error("a technology answered an empty command");
    const files = launch.files.map((file) => openSync(file, "r"));
    // All pipes: an older `runsc` gives its standard streams to the sandbox's user, also when one is /dev/null.
    const child = spawn(command, commandArguments, {
      stdio: ["pipe", "pipe", "pipe", ...files],
      env: hostEnvironment,
    });
    this.#child = child;
    endInput(child);
    for (const file of files) closeSync(file);
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => this.#note(chunk));
    if (child.pid !== undefined) {
      recordProcess(folder, child.pid);
      this.#outputEnded = new Promise((resolve) => child.once("close", resolve));
    }
    const overdue = setTimeout(() => this.#timeOut(), standbyTimeoutMs);
    const memoryCheck = setInterval(() => this.#checkMemory(), memoryCheckMs);
    try {
      const [exitCode, signal] = await once(child, "exit");
      return { exitCode, signal };
    } finally {
      clearTimeout(overdue);
      clearInterval(memoryCheck);
    }
  }

  #becomeConnected(): void {
    this.state = this.claim === null ? "standby" : "claimed";
    this.#wasConnected = true;
    this.#connected.resolve(true);
    this.#order.emit({ type: "standby", sandboxId: this.sandboxId, bootMs: Date.now() - this.startedAt });
  }

  #timeOut(): void {
    if (this.state !== "starting") return;
    this.#note(`the runner program made no request within ${standbyTimeoutMs} ms\n`);
    this.#killProcesses();
  }

  #checkMemory(): void {
    const kills = this.#cgroup?.countMemoryKills() ?? 0;
    const killedCount = kills - this.#memoryKills;
    this.#memoryKills = kills;
    if (killedCount <= 0) return;
    this.#order.emit({ type: "out-of-memory", sandboxId: this.sandboxId, claim: this.claim, killedCount });
  }

  #findReason({ exitCode }: Exit): ExitReason {
    if (this.#killed) return "killed";
    if (this.#memoryKills > 0 && exitCode !== 0) return "out-of-memory";
    return this.#wasConnected ? "finished" : "failed";
  }

  async #clean(): Promise<void> {
    try {
      this.#memoryKills = Math.max(this.#memoryKills, this.#cgroup?.countMemoryKills() ?? 0);
      // What was left in the cgroup may have held the output open; with it gone, the last of the output is here.
      await this.#cgroup?.destroy();
      if (this.#cgroup !== null) await this.#outputEnded;
      await waitUntilGone(this.#dying);
      await this.#socket?.close();
      if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
      // Not before nothing of it is left: the next sandbox may get them.
      if (this.#users !== null) this.#order.host.users.giveBack(this.#users);
    } catch (error) {
      // The sandbox is over all the same; the supervisor tries again when the driver closes.
      this.#order.host.options.log.error("a sandbox left something behind", error, {
        sandboxId: this.sandboxId,
      });
    }
  }

  #note(chunk: Buffer | string): void {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    this.#output = Buffer.concat([this.#output, bytes]).subarray(-outputTailBytes);
  }
}
