/**
 * The one way out of a sandbox: an HTTP server on a unix socket of its own. Which socket a request came over is who
 * the sandbox is, so nothing a sandbox says about itself is needed or believed.
 */

import { once } from "node:events";
import { chmodSync, chownSync, closeSync, constants, mkdirSync, openSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { basename, join } from "node:path";
import { insidePaths } from "./driver.ts";
import { connectionsPerSandbox } from "./limits.ts";

export class GatewaySocket {
  /** To be bound into the sandbox. */
  readonly folder: string;
  readonly #server: Server;
  readonly #folderDescriptor: number;

  private constructor(folder: string, folderDescriptor: number, server: Server) {
    this.folder = folder;
    this.#folderDescriptor = folderDescriptor;
    this.#server = server;
  }

  /**
   * Listens in a new folder `socket` of the sandbox's folder, which nobody else on the host may enter.
   * @param ownerId the only user inside who may connect; null where the host can't name one.
   */
  static async listen(
    sandboxFolder: string,
    ownerId: number | null,
    handle: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<GatewaySocket> {
    const folder = join(sandboxFolder, "socket");
    mkdirSync(folder, { mode: 0o755 });
    // A run's event stream is one request that lasts as long as the run, and a connection that the runner means to
    // use again must not be closed under it.
    const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, handle);
    server.maxConnections = connectionsPerSandbox;
    // A socket's address holds 107 bytes, which the path of a data folder may pass; this way in is always short.
    const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    const name = basename(insidePaths.gatewaySocket);
    server.listen(`/proc/self/fd/${descriptor}/${name}`);
    await once(server, "listening");
    if (ownerId !== null) chownSync(join(folder, name), ownerId, ownerId);
    chmodSync(join(folder, name), ownerId === null ? 0o666 : 0o600);
    return new GatewaySocket(folder, descriptor, server);
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
    closeSync(this.#folderDescriptor);
  }
}
