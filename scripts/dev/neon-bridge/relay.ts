// One WebSocket client of the bridge, from its startup message to its end: it is authenticated by the bridge,
// gets a warm server session, and speaks with that as if it had connected itself.
import { timingSafeEqual } from "node:crypto";
import type { WebSocket } from "ws";
import { decodeStartup, encodeCString, encodeFatal, encodeInt32, encodeMessage } from "./frames.ts";
import type { ServerSession } from "./server-session.ts";
import type { SessionPool } from "./session-pool.ts";

/** Bytes a slow client may have unread before the server is held back. */
const maxBufferedBytes = 1_048_576;

/** Startup parameters that a pooled session can take on for one client; others are refused, as poolers do. */
const settableParameters = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
const ignoredParameters = ["user", "database", "application_name", "fallback_application_name"];

export type Credentials = { user: string; password: string; database: string };

/** Serves a client until either side ends. Never rejects: what goes wrong is told to the client. */
export async function relayClient(
  socket: WebSocket,
  pool: SessionPool,
  credentials: Credentials,
): Promise<void> {
  const inbox = new Inbox(socket);
  let session: ServerSession | undefined;
  try {
    const parameters = await readStartup(socket, inbox, pool);
    if (parameters === undefined) return socket.close();
    const refusal = await checkClient(socket, inbox, parameters, credentials);
    if (refusal !== undefined) {
      socket.send(encodeFatal(refusal.code, refusal.message));
      return socket.close();
    }
    session = await pool.take(inbox.gone);
    await serve(socket, inbox, session, parameters);
  } catch (error) {
    if (socket.readyState === socket.OPEN) {
      socket.send(encodeFatal("08006", error instanceof Error ? error.message : String(error)));
    }
    socket.close();
  } finally {
    if (session !== undefined) await pool.giveBack(session);
  }
}

// The client's bytes, in order, read when wanted.
class Inbox {
  readonly gone: AbortSignal;
  #bytes: Buffer = Buffer.alloc(0);
  #wake: (() => void) | undefined;

  constructor(socket: WebSocket) {
    const left = new AbortController();
    this.gone = left.signal;
    socket.on("message", (data: Buffer) => {
      this.#bytes = this.#bytes.length === 0 ? data : Buffer.concat([this.#bytes, data]);
      this.#wake?.();
    });
    socket.on("close", () => {
      left.abort();
      this.#wake?.();
    });
  }

  /** All bytes that have come, at least one; undefined when the client is gone. */
  async read(): Promise<Buffer | undefined> {
    while (this.#bytes.length === 0) {
      if (this.gone.aborted) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const bytes = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    return bytes;
  }

  unread(bytes: Buffer): void {
    this.#bytes = Buffer.concat([bytes, this.#bytes]);
  }
}

async function readStartup(
  socket: WebSocket,
  inbox: Inbox,
  pool: SessionPool,
): Promise<Map<string, string> | undefined> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    const decoded = decodeStartup(bytes);
    if (decoded === undefined) {
      const more = await inbox.read();
      if (more === undefined) return undefined;
      bytes = Buffer.concat([bytes, more]);
      continue;
    }
    bytes = bytes.subarray(decoded.sizeBytes);
    if (decoded.startup.kind === "tls") {
      socket.send(Buffer.from("N"));
    } else if (decoded.startup.kind === "cancel") {
      await pool.cancelByKey(decoded.startup.processId, decoded.startup.secretKey);
      return undefined;
    } else {
      inbox.unread(bytes);
      return decoded.startup.parameters;
    }
  }
}

// Always asks for the password in clear text (the driver sends it with its first bytes, so that no round trip
// is spent); both ends are on the loopback address.
async function checkClient(
  socket: WebSocket,
  inbox: Inbox,
  parameters: Map<string, string>,
  credentials: Credentials,
): Promise<{ code: string; message: string } | undefined> {
  socket.send(encodeMessage("R", encodeInt32(3)));
  let bytes: Buffer = Buffer.alloc(0);
  while (bytes.length < 5 || bytes.length < bytes.readInt32BE(1) + 1) {
    const more = await inbox.read();
    if (more === undefined) return { code: "08006", message: "The client left." };
    bytes = Buffer.concat([bytes, more]);
  }
  const sizeBytes = bytes.readInt32BE(1) + 1;
  inbox.unread(bytes.subarray(sizeBytes));
  const password = bytes.toString("utf8", 5, sizeBytes - 1);
  const user = parameters.get("user") ?? "";
  if (bytes.readUInt8(0) !== 0x70 || user !== credentials.user || !sameText(password, credentials.password)) {
    return { code: "28P01", message: `password authentication failed for user "${user}"` };
  }
  const database = parameters.get("database") ?? user;
  if (database !== credentials.database) {
    return { code: "3D000", message: `the bridge serves the database "${credentials.database}" only` };
  }
  for (const [name, value] of parameters) {
    if (ignoredParameters.includes(name) || settableParameters.includes(name)) continue;
    if (name === "client_encoding" && /^utf-?8$/i.test(value.replaceAll("'", ""))) continue;
    return { code: "08P01", message: `unsupported startup parameter: ${name}` };
  }
  return undefined;
}

async function serve(
  socket: WebSocket,
  inbox: Inbox,
  session: ServerSession,
  parameters: Map<string, string>,
): Promise<void> {
  for (const name of settableParameters) {
    const value = parameters.get(name);
    if (value === undefined) continue;
    const accepted = await session.run(`SET ${name} = '${value.replaceAll("'", "''")}'`);
    if (!accepted) throw new Error(`invalid value for ${name}: ${value}`);
  }
  session.assign({
    receive: (bytes) => {
      socket.send(bytes, () => {
        if (socket.bufferedAmount <= maxBufferedBytes / 2) session.resume();
      });
      if (socket.bufferedAmount > maxBufferedBytes) session.pause();
    },
    closed: () => socket.close(),
  });
  socket.send(encodeWelcome(session));
  for (;;) {
    const bytes = await inbox.read();
    if (bytes === undefined) return;
    let backlog: Promise<void> | undefined;
    const open = session.send(bytes, (drained) => {
      backlog = drained;
    });
    if (!open) return socket.close();
    if (backlog === undefined) continue;
    socket.pause();
    await backlog;
    socket.resume();
  }
}

function encodeWelcome(session: ServerSession): Buffer {
  const reports = [...session.parameterStatus].map(([name, value]) =>
    encodeMessage("S", encodeCString(name), encodeCString(value)),
  );
  const { processId, secretKey } = session.key;
  return Buffer.concat([
    encodeMessage("R", encodeInt32(0)),
    ...reports,
    encodeMessage("K", encodeInt32(processId), encodeInt32(secretKey)),
    encodeMessage("Z", Buffer.from("I")),
  ]);
}

/** Compares in constant time. */
export function sameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
