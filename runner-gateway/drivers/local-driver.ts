/**
 * The pool of local sandboxes: standbys kept ready, each given to one claim at most and refilled after. A sandbox
 * belongs to one claim from the moment it is chosen, also while it is still booting.
 */
import { randomBytes } from "node:crypto";
import type {
  SandboxClaim,
  SandboxDriver,
  SandboxEvent,
  SandboxListing,
  SandboxTechnology,
  StartedSandbox,
} from "./driver.ts";
import { bootsAtOnce, failuresReported, refillDelayMs, retryFirstMs, retryLongestMs } from "./limits.ts";
import type { LocalHost } from "./local-host.ts";
import { Sandbox } from "./sandbox.ts";
import type { Technology } from "./technology.ts";

export class LocalDriver implements SandboxDriver {
  readonly name: SandboxTechnology;
  readonly description: string;
  readonly #host: LocalHost;
  readonly #technology: Technology;
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #listeners = new Set<(event: SandboxEvent) => void>();
  #wanted = 0;
  #closed = false;
  #failures = 0;
  #refill: NodeJS.Timeout | null = null;

  /** The driver owns the host from here on, and closes it. */
  constructor(host: LocalHost, technology: Technology, description: string) {
    this.name = technology.name;
    this.description = description;
    this.#host = host;
    this.#technology = technology;
  }

  async warm(count: number): Promise<void> {
    this.#wanted = count;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (event: SandboxEvent | null): void => {
      if (this.#closed || this.#listFree("standby").length >= this.#wanted) resolve();
      else if (this.#failures >= failuresReported)
        reject(new Error(event?.type === "exited" ? event.output : ""));
    };
    const unsubscribe = this.subscribe(look);
    this.#trim();
    this.#fill();
    look(null);
    await promise.finally(unsubscribe);
  }

  async start(claim: SandboxClaim): Promise<StartedSandbox> {
    if (this.#closed) return { started: false, reason: "the sandbox driver is closed" };
    const sandbox = this.#listFree("standby")[0] ?? this.#listFree("starting")[0] ?? this.#boot();
    const warm = sandbox.state === "standby";
    sandbox.claim = claim;
    if (warm) sandbox.state = "claimed";
    this.#refillIn(this.#listFree("standby").length > 0 ? refillDelayMs : 0);
    if (!(await sandbox.connected)) {
      const { output } = await sandbox.ended;
      return {
        started: false,
        reason: `no sandbox could be started (${this.#technology.title}): ${output.trim()}`,
      };
    }
    return { started: true, sandboxId: sandbox.sandboxId, warm };
  }

  async kill(sandboxId: string): Promise<void> {
    await this.#sandboxes.get(sandboxId)?.kill();
  }

  list(): SandboxListing[] {
    return [...this.#sandboxes.values()].map(({ sandboxId, state, claim, startedAt }) => ({
      ...{ sandboxId, state, claim, startedAt },
    }));
  }

  subscribe(listener: (event: SandboxEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#refill !== null) clearTimeout(this.#refill);
    await Promise.all([...this.#sandboxes.values()].map((sandbox) => sandbox.kill()));
    await this.#host.owner.close();
  }

  #boot(): Sandbox {
    const sandbox = new Sandbox({
      host: this.#host,
      technology: this.#technology,
      sandboxId: `sandbox-${randomBytes(8).toString("hex")}`,
      program: this.#host.program,
      emit: (event) => this.#take(event),
    });
    this.#sandboxes.set(sandbox.sandboxId, sandbox);
    sandbox.run().catch((error: unknown) => {
      this.#sandboxes.delete(sandbox.sandboxId);
      this.#host.options.log.error("a sandbox could not be laid out", error);
    });
    return sandbox;
  }

  #take(event: SandboxEvent): void {
    if (event.type === "standby") this.#failures = 0;
    if (event.type === "exited") {
      this.#sandboxes.delete(event.sandboxId);
      if (event.reason === "failed") {
        this.#failures += 1;
        this.#host.options.log.warn("a sandbox did not start", {
          output: event.output,
          exitCode: event.exitCode,
        });
      }
    }
    for (const listener of [...this.#listeners]) listener(event);
    const retryMs = Math.min(retryFirstMs * 2 ** (this.#failures - 1), retryLongestMs);
    this.#refillIn(this.#failures === 0 ? 0 : retryMs);
  }

  /** An earlier refill that is already set stands. */
  #refillIn(delayMs: number): void {
    if (this.#closed || this.#refill !== null) return;
    this.#refill = setTimeout(() => {
      this.#refill = null;
      this.#fill();
    }, delayMs);
  }

  #fill(): void {
    const most = this.#failures === 0 ? bootsAtOnce : 1;
    const isWanted = (): boolean =>
      this.#listFree("starting").length + this.#listFree("standby").length < this.#wanted;
    while (!this.#closed && this.#listFree("starting").length < most && isWanted()) this.#boot();
  }

  /** Ends the standbys that a smaller pool no longer wants. */
  #trim(): void {
    const spare = this.#listFree("standby").slice(this.#wanted);
    for (const sandbox of spare) void sandbox.kill();
  }

  #listFree(state: "standby" | "starting"): Sandbox[] {
    return [...this.#sandboxes.values()].filter(
      (sandbox) => sandbox.state === state && sandbox.claim === null,
    );
  }
}
