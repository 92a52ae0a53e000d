// The folder of an installation's state. Invariant: at most one `npm start` uses it at a time, nothing in it can be read
// by another user of the machine, and its secrets are made once.

import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";

export type DataFolder = {
  path: string;
  logsFolder: string;
  tokenFile: string;
  secrets: Secrets;
  /** Lets the user that PostgreSQL runs as pass through the folder to its own, and read nothing else. */
  admit(user: { gid: number }): void;
  /** Lets another start have the folder. */
  unlock(): void;
};

const secretsSchema = z.object({
  gatewaySecret: z.string().min(32),
  /** Of the role that owns the tables. */
  postgresPassword: z.string().min(16),
  /** Of the role that the Worker and the gateway sign in as. */
  applicationPassword: z.string().min(16),
});
type Secrets = z.infer<typeof secretsSchema>;

/** Makes the folder at the first start and takes it. @throws Error naming the process that has it. */
export function openDataFolder(path: string): DataFolder {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const lockFile = join(path, "lock");
  takeLock(path, lockFile);
  chmodSync(path, 0o700);
  // What an earlier version left open to others; PostgreSQL sees to its own.
  const others = readdirSync(path).filter((name) => name !== "postgres" && !name.startsWith("lock"));
  for (const name of others) closeToOthers(join(path, name));
  const logsFolder = join(path, "logs");
  mkdirSync(logsFolder, { recursive: true, mode: 0o700 });
  return {
    path,
    logsFolder,
    tokenFile: join(path, "admin.token"),
    secrets: readSecrets(join(path, "secrets.json")),
    admit: ({ gid }) => {
      chownSync(path, -1, gid);
      chmodSync(path, 0o710);
    },
    unlock: () => rmSync(lockFile, { force: true }),
  };
}

/** A folder that is closed has been gone through: its own mode is changed last. */
function closeToOthers(path: string): void {
  const entry = lstatSync(path);
  if ((entry.mode & 0o077) === 0 || entry.isSymbolicLink()) return;
  if (entry.isDirectory()) for (const name of readdirSync(path)) closeToOthers(join(path, name));
  chmodSync(path, entry.mode & 0o700);
}

// The lock file appears whole or not at all (a hard link to a finished file), and names its holder by pid and
// start time, so that another program that got the pid later isn't taken for it.
function takeLock(folder: string, lockFile: string): void {
  const ours = join(folder, `lock.${process.pid}`);
  writeFileSync(ours, describeProcess(process.pid) ?? "", { mode: 0o600 });
  try {
    for (;;) {
      try {
        linkSync(ours, lockFile);
        return;
      } catch (error) {
        if (!isCode(error, "EEXIST")) throw error;
      }
      const holder = existsSync(lockFile) ? readFileSync(lockFile, "utf8") : "";
      const pid = Number.parseInt(holder, 10);
      if (holder !== "" && describeProcess(pid) === holder) {
        throw new Error(
          `${folder} is in use by another npm start (pid ${pid}). Set PLUE_DATA to another folder.`,
        );
      }
      rmSync(lockFile, { force: true });
    }
  } finally {
    rmSync(ours);
  }
}

/** The pid and start time of a running process; undefined when there is none. */
function describeProcess(pid: number): string | undefined {
  const statFile = `/proc/${pid}/stat`;
  if (existsSync("/proc/self/stat")) {
    if (!existsSync(statFile)) return undefined;
    // Field 22, counted after the command's name, which may hold anything but ends with the last parenthesis.
    const stat = readFileSync(statFile, "utf8");
    return `${pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  }
  const ps = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
  return ps.status === 0 ? `${pid} ${ps.stdout.trim()}` : undefined;
}

// A folder of an earlier version lacks those of its secrets that came later.
function readSecrets(file: string): Secrets {
  const known: unknown = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const found = secretsSchema.safeParse(known);
  if (found.success) return found.data;
  const secrets = secretsSchema.parse({
    gatewaySecret: randomBytes(32).toString("hex"),
    postgresPassword: randomBytes(24).toString("hex"),
    applicationPassword: randomBytes(24).toString("hex"),
    ...secretsSchema.partial().parse(known),
  });
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
