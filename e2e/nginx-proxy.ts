// nginx as people put it before a forge: with its defaults for proxies, and without buffering of requests.
// Invariant: its state is in a folder of the test's own, and it is gone after `stop`.
import { chmodSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { spawnGuarded } from "../scripts/dev/spawn-guarded.ts";
import { findProgram } from "../scripts/dev/system-tools.ts";
import { findFreePort } from "../scripts/dev/tcp-ports.ts";
import { makeFolder, removeFolder } from "./git-client.ts";

export interface RunningNginx {
  /** The address by which requests are read whole before they are sent on, which is nginx's default. */
  readonly buffered: string;
  /** The address with `proxy_request_buffering off`. */
  readonly unbuffered: string;
  stop(): Promise<void>;
}

/** Starts nginx before the site at `url`. @throws Error where nginx isn't installed or doesn't start */
export async function startNginx(url: string): Promise<RunningNginx> {
  const program = findProgram("nginx");
  if (program === undefined) throw new Error("no nginx: apt-get install nginx-light");
  const folder = makeFolder("nginx");
  // Root's nginx works as another user.
  chmodSync(folder, 0o755);
  const ports = [await findFreePort(), await findFreePort()] as const;
  const configuration = join(folder, "nginx.conf");
  writeFileSync(configuration, describeServers(folder, url, ports));
  const child = spawnGuarded({
    command: program,
    args: ["-c", configuration],
    cwd: folder,
    env: process.env,
  });
  let output = "";
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.process.stderr?.on("data", take);
  child.process.stdout?.on("data", take);
  const ended = child.exited.then((status): never => {
    throw new Error(`nginx ended (status ${status}):\n${output}`);
  });
  await Promise.race([ended, Promise.all(ports.map(waitUntilOpen))]);
  return {
    buffered: `http://127.0.0.1:${ports[0]}`,
    unbuffered: `http://127.0.0.1:${ports[1]}`,
    async stop() {
      ended.catch(() => undefined);
      await child.stop();
      removeFolder(folder);
    },
  };
}

/** All that differs from nginx's defaults, beside where its files are, is the largest body, of 1 MB, and the second server's buffering. */
function describeServers(
  folder: string,
  url: string,
  [buffered, unbuffered]: readonly [number, number],
): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join("\n  ");
  return `daemon off;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${temporary}
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${buffered};
    location / { proxy_pass ${url}; }
  }
  server {
    listen 127.0.0.1:${unbuffered};
    location / { proxy_pass ${url}; proxy_request_buffering off; proxy_http_version 1.1; }
  }
}
`;
}

async function waitUntilOpen(port: number): Promise<void> {
  while (!(await tryConnect(port))) await wait(20);
}

function tryConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
