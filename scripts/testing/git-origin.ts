// A git repository with one commit, and the way a runner fetches it: real `git upload-pack` behind a function.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface GitOrigin {
  readonly headSha: string;
  /** Answers `…/git-upload-pack` and `…/info/refs` of any path. */
  serve(request: IncomingMessage, response: ServerResponse): void;
  remove(): void;
}

const environment = {
  PATH: process.env.PATH,
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "A U Thor",
  GIT_AUTHOR_EMAIL: "author@example.com",
  GIT_COMMITTER_NAME: "A U Thor",
  GIT_COMMITTER_EMAIL: "author@example.com",
};

/** A repository whose `main` has these files. */
export function makeGitOrigin(files: Record<string, string>): GitOrigin {
  const folder = mkdtempSync(join(tmpdir(), "plue-origin-"));
  const git = (...gitArguments: string[]) =>
    execFileSync("git", ["-C", folder, ...gitArguments], { env: environment, encoding: "utf8" }).trim();
  git("init", "--quiet", "--initial-branch=main");
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  git("add", "--all");
  git("commit", "--quiet", "--message", "First");
  git("config", "uploadpack.allowReachableSHA1InWant", "true");
  return {
    headSha: git("rev-parse", "HEAD"),
    serve: (request, response) => serveUploadPack(folder, request, response),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function serveUploadPack(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const isAdvertisement = request.method === "GET";
  const options = isAdvertisement ? ["--http-backend-info-refs"] : [];
  const child = spawn("git", ["upload-pack", "--stateless-rpc", ...options, folder], {
    env: { ...environment, GIT_PROTOCOL: String(request.headers["git-protocol"] ?? "") },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const kind = isAdvertisement ? "advertisement" : "result";
  response.writeHead(200, { "content-type": `application/x-git-upload-pack-${kind}` });
  request.pipe(child.stdin);
  child.stdout.pipe(response);
}
