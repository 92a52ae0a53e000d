// The bridge's sessions: some kept warm, never more than a bound, handed out in the order they were asked for.
import { Pool } from "pg";
import { ServerSession } from "./server-session.ts";

type SessionPoolOptions = {
  connectionString: string;
  maxSessions: number;
  /** How long a client waits for a session before it is refused. */
  waitTimeoutMs: number;
};

type Waiter = { give(session: ServerSession): void; fail(error: unknown): void };

export class SessionPool {
  readonly #options: SessionPoolOptions;
  readonly #idle: ServerSession[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #inUse = new Set<ServerSession>();
  readonly #canceller: Pool;
  #openingCount = 0;
  #closed = false;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
    this.#canceller = new Pool({ connectionString: options.connectionString, max: 1 });
    // A broken idle connection is replaced at the next use.
    this.#canceller.on("error", () => undefined);
  }

  /** Opens `count` sessions ahead of need. */
  async warm(count: number): Promise<void> {
    const sessions = await Promise.all(Array.from({ length: count }, () => this.#open()));
    for (const session of sessions) this.#put(session);
  }

  /** A clean session. Rejects after the waiting time, when the signal aborts, or when the server refuses. */
  async take(signal: AbortSignal): Promise<ServerSession> {
    for (let session = this.#idle.pop(); session !== undefined; session = this.#idle.pop()) {
      if (session.alive) return this.#lend(session);
    }
    const wanted = this.#waitForOne(signal);
    if (this.#inUse.size + this.#openingCount < this.#options.maxSessions) {
      this.#open().then(
        (session) => this.#put(session),
        (error: unknown) => this.#waiters.shift()?.fail(error),
      );
    }
    return await wanted;
  }

  /** Takes a session back; it is reset, or closed when it can't be. */
  async giveBack(session: ServerSession): Promise<void> {
    const clean = await session.release((processId) => this.cancel(processId));
    this.#inUse.delete(session);
    if (clean) this.#put(session);
    else if (this.#waiters.length > 0 && !this.#closed) {
      await this.#open().then(
        (opened) => this.#put(opened),
        (error: unknown) => this.#waiters.shift()?.fail(error),
      );
    }
  }

  /** Cancels the statement that one of the sessions runs. */
  async cancel(processId: number): Promise<void> {
    await this.#canceller.query("select pg_cancel_backend($1)", [processId]);
  }

  /** Cancels on a client's word, which must know the session's key. */
  async cancelByKey(processId: number, secretKey: number): Promise<void> {
    const known = [...this.#inUse].some(
      ({ key }) => key.processId === processId && key.secretKey === secretKey,
    );
    if (known) await this.cancel(processId);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const session of [...this.#idle, ...this.#inUse]) session.destroy();
    for (const waiter of this.#waiters.splice(0)) waiter.fail(new Error("The bridge is stopping."));
    await this.#canceller.end();
  }

  async #open(): Promise<ServerSession> {
    this.#openingCount += 1;
    try {
      return await ServerSession.open(this.#options.connectionString);
    } finally {
      this.#openingCount -= 1;
    }
  }

  #put(session: ServerSession): void {
    const waiter = this.#waiters.shift();
    if (this.#closed) session.destroy();
    else if (waiter === undefined) this.#idle.push(session);
    else waiter.give(this.#lend(session));
  }

  #lend(session: ServerSession): ServerSession {
    this.#inUse.add(session);
    return session;
  }

  #waitForOne(signal: AbortSignal): Promise<ServerSession> {
    return new Promise((resolve, reject) => {
      const forget = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
        const at = this.#waiters.indexOf(waiter);
        if (at >= 0) this.#waiters.splice(at, 1);
      };
      const waiter: Waiter = {
        give: (session) => {
          forget();
          resolve(session);
        },
        fail: (error) => {
          forget();
          reject(error);
        },
      };
      const giveUp = (): void => waiter.fail(new Error("The client left while it waited."));
      const waited = `No database session was free within ${this.#options.waitTimeoutMs} ms.`;
      const timer = setTimeout(() => waiter.fail(new Error(waited)), this.#options.waitTimeoutMs);
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiters.push(waiter);
    });
  }
}
