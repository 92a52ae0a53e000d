// One authenticated connection to PostgreSQL that serves one client after another. Between two clients it is
// reset; a session that can't be brought back to a clean state is closed, never reused.
import { Client } from "pg";
import { encodeCString, encodeMessage, encodeQuery, type Frame, FrameScanner } from "./frames.ts";

const resetTimeoutMs = 5_000;

type SessionClient = {
  receive(bytes: Buffer): void;
  /** The server closed the connection; nothing more comes. */
  closed(): void;
};

type BackendKey = { processId: number; secretKey: number };

export class ServerSession {
  readonly key: BackendKey;
  /** What the server reported at the start (server_version, TimeZone, …), to be reported to each client. */
  readonly parameterStatus: ReadonlyMap<string, string>;
  alive = true;
  readonly #pgClient: Client;
  #client: SessionClient | undefined;
  #fromClient = new FrameScanner();
  readonly #fromServer = new FrameScanner();
  // What the server still owes: one ReadyForQuery for each Query, Sync and FunctionCall sent.
  #owedReady = 0;
  #unsynced = false;
  #copyingIn = false;
  #transactionStatus = "I";
  #runFailed = false;
  #settled: (() => void) | undefined;

  private constructor(pgClient: Client, key: BackendKey, parameterStatus: Map<string, string>) {
    this.#pgClient = pgClient;
    this.key = key;
    this.parameterStatus = parameterStatus;
    // The driver has done the TLS and the authentication; from here on the bytes are ours.
    this.#stream.removeAllListeners("data");
    this.#stream.on("data", (chunk: Buffer) => this.#takeFromServer(chunk));
    this.#stream.once("close", () => this.#close());
  }

  /** Connects and authenticates. Throws what the driver throws when the server refuses. */
  static async open(connectionString: string): Promise<ServerSession> {
    const pgClient = new Client({ connectionString, application_name: "plue neon bridge" });
    const parameterStatus = new Map<string, string>();
    const key: BackendKey = { processId: 0, secretKey: 0 };
    pgClient.connection.on("parameterStatus", (message: { parameterName: string; parameterValue: string }) =>
      parameterStatus.set(message.parameterName, message.parameterValue),
    );
    pgClient.connection.on("backendKeyData", (message: { processID: number; secretKey: number }) => {
      key.processId = message.processID;
      key.secretKey = message.secretKey;
    });
    await pgClient.connect();
    const session = new ServerSession(pgClient, key, parameterStatus);
    pgClient.on("error", () => session.#close());
    return session;
  }

  get #stream(): Client["connection"]["stream"] {
    return this.#pgClient.connection.stream;
  }

  /** Gives the session to a client, whose bytes come by `send` until `release`. */
  assign(client: SessionClient): void {
    this.#client = client;
    this.#fromClient = new FrameScanner();
  }

  /**
   * Forwards a client's bytes. Returns false when the client said goodbye (Terminate). Throws when the bytes
   * aren't the protocol's. When the server can't keep up, `backlogged` gets what to wait for.
   */
  send(chunk: Buffer, backlogged: (drained: Promise<void>) => void): boolean {
    const { bytes, frames } = this.#fromClient.scan(chunk);
    let open = true;
    for (const frame of frames) {
      if (frame.type === "X") open = false;
      else this.#noteClientFrame(frame);
    }
    if (bytes.length > 0 && !this.#stream.write(bytes)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#stream.once("drain", resolve);
      this.#stream.once("close", resolve);
      backlogged(promise);
    }
    return open;
  }

  /** Holds the server back while a slow client catches up. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /**
   * Takes the session from its client and makes it as new: what runs is cancelled, an open transaction is
   * rolled back, session state is discarded. Resolves to whether it may be used again.
   */
  async release(cancel: (processId: number) => Promise<void>): Promise<boolean> {
    this.#client = undefined;
    this.resume();
    if (!this.#fromClient.atBoundary) this.destroy();
    if (!this.alive) return false;
    const timer = setTimeout(() => this.destroy(), resetTimeoutMs);
    try {
      if (this.#copyingIn) this.#stream.write(encodeMessage("f", encodeCString("the client is gone")));
      if (this.#unsynced) this.#submit("S", encodeMessage("S"));
      if (this.#owedReady > 0) {
        await cancel(this.key.processId);
        await this.#waitUntilSettled();
      }
      const rolledBack = this.#transactionStatus === "I" || (await this.run("ROLLBACK"));
      if (!rolledBack || !(await this.run("DISCARD ALL"))) this.destroy();
    } finally {
      clearTimeout(timer);
    }
    return this.alive;
  }

  /** Runs a statement of the bridge's own while no client holds the session. Returns whether it succeeded. */
  async run(sql: string): Promise<boolean> {
    this.#runFailed = false;
    this.#submit("Q", encodeQuery(sql));
    await this.#waitUntilSettled();
    return this.alive && !this.#runFailed;
  }

  /** Closes the connection at once; the server rolls back whatever was open. */
  destroy(): void {
    this.#stream.destroy();
    this.#close();
  }

  #submit(type: string, bytes: Buffer): void {
    this.#noteClientFrame({ type, firstByte: -1 });
    this.#stream.write(bytes);
  }

  #noteClientFrame(frame: Frame): void {
    if (frame.type === "Q" || frame.type === "S" || frame.type === "F") this.#owedReady += 1;
    if (frame.type === "S") this.#unsynced = false;
    else if ("PBDECH".includes(frame.type)) this.#unsynced = true;
    else if (frame.type === "c" || frame.type === "f") this.#copyingIn = false;
  }

  #takeFromServer(chunk: Buffer): void {
    const { bytes, frames } = this.#fromServer.scan(chunk);
    for (const frame of frames) {
      if (frame.type === "Z") {
        this.#owedReady -= 1;
        this.#copyingIn = false;
        this.#transactionStatus = String.fromCharCode(frame.firstByte);
      } else if (frame.type === "G") this.#copyingIn = true;
      else if (frame.type === "E") this.#runFailed = true;
    }
    if (bytes.length > 0) this.#client?.receive(bytes);
    if (this.#owedReady === 0) this.#settle();
  }

  #waitUntilSettled(): Promise<void> {
    if (this.#owedReady === 0 || !this.alive) return Promise.resolve();
    return new Promise((resolve) => {
      this.#settled = resolve;
    });
  }

  #settle(): void {
    this.#settled?.();
    this.#settled = undefined;
  }

  #close(): void {
    if (!this.alive) return;
    this.alive = false;
    this.#settle();
    this.#client?.closed();
  }
}
