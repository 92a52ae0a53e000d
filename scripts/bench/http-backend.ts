// Stock git behind nginx, for comparison: `git http-backend` through fcgiwrap, as Debian packages them.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { spawnGuarded } from "../dev/spawn-guarded.ts";
import { findFreePort, isListening } from "../dev/tcp-ports.ts";
import { readCpuSeconds, readShellTimes } from "./cpu-time.ts";

interface HttpBackend {
  /**
   * Makes an empty repository and returns its address. Where git is measured it runs in a shell that notes what it took:
   * fcgiwrap doesn't wait for its children, so the system forgets that.
   */
  createRepository(name: string, isMeasured: boolean): string;
  /** Seconds of processor time of nginx, of fcgiwrap, and of git where it is measured. */
  readCpuSeconds(): number;
  stop(): Promise<void>;
}

const POLL_MS = 20;
const CHILDREN = 4;

/** Starts nginx and fcgiwrap with their files in `folder`; null when they or git's backend aren't installed. */
export async function startHttpBackend(folder: string): Promise<HttpBackend | null> {
  const backend = join(execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(), "git-http-backend");
  const installed = ["nginx", "fcgiwrap"].every((name) => spawnSync("which", [name]).status === 0);
  if (!installed || !existsSync(backend)) return null;
  const repositories = join(folder, "repositories");
  mkdirSync(repositories, { recursive: true });
  chmodSync(folder, 0o755);
  const socket = join(folder, "fcgi.sock");
  const port = await findFreePort();
  const timesFile = join(folder, "times");
  const measured = join(folder, "measured-backend");
  writeFileSync(timesFile, "");
  writeFileSync(measured, `#!/bin/sh\n'${backend}'\ntimes >> '${timesFile}'\n`, { mode: 0o755 });
  const configFile = join(folder, "nginx.conf");
  writeFileSync(configFile, nginxConfig({ folder, socket, port, repositories, backend, measured }));
  const env = { PATH: process.env.PATH, HOME: folder };
  const logFile = join(folder, "backend.log");
  const wrap = spawnGuarded({
    command: "fcgiwrap",
    args: ["-c", String(CHILDREN), "-s", `unix:${socket}`],
    env,
    logFile,
  });
  while (!existsSync(socket)) await wait(POLL_MS);
  const nginx = spawnGuarded({ command: "nginx", args: ["-c", configFile, "-p", folder], env, logFile });
  while (!(await isListening(port))) await wait(POLL_MS);
  const pids = [await wrap.pid, await nginx.pid];
  return {
    readCpuSeconds: () => readCpuSeconds(pids) + readShellTimes(timesFile),
    createRepository(name, isMeasured) {
      const path = join(repositories, name);
      execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", path]);
      execFileSync("git", ["-C", path, "config", "http.receivepack", "true"]);
      execFileSync("git", ["-C", path, "config", "uploadpack.allowFilter", "true"]);
      execFileSync("git", ["-C", path, "config", "uploadpack.allowAnySHA1InWant", "true"]);
      return `http://127.0.0.1:${port}/${isMeasured ? "measured/" : ""}${name}`;
    },
    async stop() {
      await nginx.stop();
      await wrap.stop();
    },
  };
}

function nginxConfig(config: {
  folder: string;
  socket: string;
  port: number;
  repositories: string;
  backend: string;
  measured: string;
}): string {
  const { folder, socket, port, repositories, backend, measured } = config;
  return `
daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
pid ${folder}/nginx.pid;
error_log ${folder}/nginx-error.log;
worker_processes 2;
events { worker_connections 256; }
http {
  access_log off;
  client_max_body_size 0;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    location / {
      fastcgi_pass unix:${socket};
      fastcgi_buffering off;
      fastcgi_request_buffering off;
      fastcgi_read_timeout 600;
      set $script ${backend};
      set $path $uri;
      if ($uri ~ ^/measured(/.*)$) {
        set $script ${measured};
        set $path $1;
      }
      fastcgi_param SCRIPT_FILENAME $script;
      fastcgi_param GIT_PROJECT_ROOT ${repositories};
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param PATH_INFO $path;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
      fastcgi_param REMOTE_USER bench;
      fastcgi_param REMOTE_ADDR $remote_addr;
    }
  }
}
`;
}
