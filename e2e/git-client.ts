// Real git in folders of the tests' own, deaf to the machine's configuration.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

interface GitResult {
  code: number;
  stdout: string;
  stderr: string;
}

const ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: "A U Thor",
  GIT_AUTHOR_EMAIL: "author@example.com",
  GIT_COMMITTER_NAME: "A U Thor",
  GIT_COMMITTER_EMAIL: "author@example.com",
  LC_ALL: "C",
};

/** Runs git in `folder` and gives what it said, whatever its exit code. */
export async function tryGit(folder: string, ...args: string[]): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, { cwd: folder, env: ENVIRONMENT, stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    );
  });
}

/** Runs git and gives its output. @throws Error with all it said when it fails. */
export async function git(folder: string, ...args: string[]): Promise<string> {
  const result = await tryGit(folder, ...args);
  if (result.code !== 0)
    throw new Error(`git ${args.join(" ")} ended with ${result.code}:\n${result.stderr}`);
  return result.stdout.trim();
}

/** A fresh folder, removed by `removeFolder`. */
export function makeFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `plue-e2e-${name}-`));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** A repository with one commit of these files on `main`. */
export async function makeWorkTree(name: string, files: Record<string, string>): Promise<string> {
  const folder = makeFolder(name);
  await git(folder, "init", "--quiet", "--initial-branch=main");
  await commitFiles(folder, files, "First");
  return folder;
}

/** Writes the files and commits all there is. @returns the commit's oid. */
export async function commitFiles(
  folder: string,
  files: Record<string, string>,
  message: string,
): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  await git(folder, "add", "--all");
  await git(folder, "commit", "--quiet", "--allow-empty", "--message", message);
  return git(folder, "rev-parse", "HEAD");
}
