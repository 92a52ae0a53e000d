// Which attempt each sandbox serves, and the wait of a standby for its own. Invariant: a sandbox is bound to one
// attempt at most, and what it asks is answered for that one only.
import type { Attempt } from "./attempt.ts";

export class SandboxDoor {
  readonly #attempts = new Map<string, Attempt>();
  readonly #waiting = new Map<string, (attempt: Attempt) => void>();

  bind(sandboxId: string, attempt: Attempt): void {
    if (this.#attempts.has(sandboxId)) throw new Error(`sandbox ${sandboxId} is bound already`);
    attempt.sandboxId = sandboxId;
    this.#attempts.set(sandboxId, attempt);
    this.#waiting.get(sandboxId)?.(attempt);
  }

  unbind(sandboxId: string): void {
    this.#attempts.delete(sandboxId);
  }

  find(sandboxId: string): Attempt | undefined {
    return this.#attempts.get(sandboxId);
  }

  /** The sandbox's attempt as soon as it has one; null when `signal` is aborted before. */
  async waitFor(sandboxId: string, signal: AbortSignal): Promise<Attempt | null> {
    const bound = this.#attempts.get(sandboxId);
    if (bound || signal.aborted) return bound ?? null;
    const { promise, resolve } = Promise.withResolvers<Attempt | null>();
    const wake = (attempt: Attempt) => resolve(attempt);
    this.#waiting.set(sandboxId, wake);
    signal.addEventListener("abort", () => resolve(null), { once: true });
    const attempt = await promise;
    if (this.#waiting.get(sandboxId) === wake) this.#waiting.delete(sandboxId);
    return attempt;
  }
}
