/**
 * The read-only root that every local sandbox sees: empty mount points, a small `/etc` of our own and copies of the
 * few parts of the host's that programs need. Nothing else of the host's files is in it; `/usr` is bound over it.
 */
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { insidePaths } from "./driver.ts";
import type { SandboxUsers } from "./sandbox-users.ts";

export const sandboxHostname = "sandbox";

/** `binds` are the host folders to bind read-only at the same path inside; the rest of `/` is in `folder`. */
export type RootImage = { folder: string; binds: string[] };

const topFolders = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];
const hostEtc = [
  "alternatives",
  "ca-certificates",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "ssl/certs",
  "ssl/openssl.cnf",
];

/** JDKs of Debian keep their configuration in `/etc/java-N-openjdk`, without which they don't start. */
const hostEtcPrefixes = ["java-"];

const mountFolders = [
  "proc",
  "sys",
  "dev",
  "usr",
  "tmp",
  "etc/ssl",
  "opt/plue/bin",
  "run/plue",
  "run/runner",
  "work",
  "home/runner",
];

/** Builds the root in `folder`, which must not exist. */
export function buildRootImage(folder: string): RootImage {
  for (const mount of mountFolders) mkdirSync(join(folder, mount), { recursive: true });
  const { node, runnerProgram, bubblewrap, seccompFilter } = insidePaths;
  for (const file of [node, runnerProgram, bubblewrap, seccompFilter]) writeFileSync(join(folder, file), "");
  const binds = ["/usr"];
  for (const name of topFolders) {
    if (!existsSync(`/${name}`)) continue;
    if (lstatSync(`/${name}`).isSymbolicLink()) {
      symlinkSync(readlinkSync(`/${name}`), join(folder, name));
      continue;
    }
    mkdirSync(join(folder, name));
    binds.push(`/${name}`);
  }
  writeEtc(join(folder, "etc"));
  return { folder, binds };
}

/** Writes the files that name a sandbox's users, as passwd(5) and group(5) say, to a new folder. */
export function writeAccounts(folder: string, { step }: SandboxUsers): void {
  mkdirSync(folder);
  const files = {
    passwd: `root:x:0:0:root:/:/usr/sbin/nologin\nrunner:x:${step}:${step}:runner:${insidePaths.home}:/bin/bash\n`,
    group: `root:x:0:\nrunner:x:${step}:\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

function writeEtc(etc: string): void {
  const prefixed = readdirSync("/etc").filter((name) =>
    hostEtcPrefixes.some((prefix) => name.startsWith(prefix)),
  );
  for (const name of [...hostEtc, ...prefixed]) {
    if (!existsSync(join("/etc", name))) continue;
    cpSync(join("/etc", name), join(etc, name), { recursive: true, verbatimSymlinks: true });
  }
  const files = {
    // Each sandbox's own are bound over these.
    ...{ passwd: "", group: "" },
    hosts: `127.0.0.1 localhost ${sandboxHostname}\n::1 localhost\n`,
    hostname: `${sandboxHostname}\n`,
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(etc, name), text);
}
