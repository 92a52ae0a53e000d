// Real git for tests: repositories in temporary folders, removed when the test file ends. git's own configuration and
// the clock are kept out, so the same commands make the same objects.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: "/nonexistent",
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "A U Thor",
  GIT_AUTHOR_EMAIL: "author@example.com",
  GIT_AUTHOR_DATE: "1700000000 +0100",
  GIT_COMMITTER_NAME: "C O Mitter",
  GIT_COMMITTER_EMAIL: "committer@example.com",
  GIT_COMMITTER_DATE: "1700000000 -0230",
};

interface GitResult {
  readonly ok: boolean;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A repository that real git works in. */
export class RealRepository {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Runs git; its failure is an answer. */
  try(args: readonly string[], input: string | Uint8Array = ""): GitResult {
    const result = spawnSync("git", ["-C", this.dir, ...args], {
      input,
      env: ENVIRONMENT,
      maxBuffer: 1024 ** 3,
    });
    if (result.error) throw result.error;
    return { ok: result.status === 0, stdout: result.stdout, stderr: result.stderr.toString() };
  }

  /** Runs git; its failure is an error. */
  git(args: readonly string[], input: string | Uint8Array = ""): Buffer {
    const { ok, stdout, stderr } = this.try(args, input);
    if (!ok) throw new Error(`git ${args.join(" ")} failed: ${stderr}`);
    return stdout;
  }

  /** Runs git; what it prints, trimmed. */
  text(args: readonly string[], input: string | Uint8Array = ""): string {
    return this.git(args, input).toString().trim();
  }

  /** Writes an object, however malformed. */
  writeObject(type: string, bytes: string | Uint8Array): string {
    return this.text(["hash-object", "-t", type, "--literally", "-w", "--stdin"], bytes);
  }

  /** The pack of some revisions (as for rev-list), made by git pack-objects. */
  pack(revisions: readonly string[], options: readonly string[] = []): Buffer {
    return this.git(
      ["pack-objects", "--revs", "--stdout", "-q", "--delta-base-offset", ...options],
      `${revisions.join("\n")}\n`,
    );
  }

  /** The pack of exactly these objects. */
  packObjects(oids: readonly string[], options: readonly string[] = []): Buffer {
    return this.git(["pack-objects", "--stdout", "-q", ...options], oids.map((oid) => `${oid}\n`).join(""));
  }

  /** The index git makes of a pack; throws when git refuses the pack. */
  indexPack(pack: Uint8Array, options: readonly string[] = []): Buffer {
    const folder = createFolder();
    this.git(["index-pack", "--stdin", ...options, join(folder, "made.pack")], pack);
    return readFileSync(join(folder, "made.idx"));
  }

  /** Every object there is, with its type and size. */
  listObjects(): Map<string, { type: string; sizeBytes: number }> {
    const lines = this.text(["cat-file", "--batch-all-objects", "--batch-check"]).split("\n").filter(Boolean);
    return new Map(
      lines.map((line) => {
        const [oid, type, size] = line.split(" ");
        return [oid!, { type: type!, sizeBytes: Number(size) }];
      }),
    );
  }
}

const folders: string[] = [];

/** A temporary folder that is removed after the test file. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "plue-git-"));
  folders.push(folder);
  return folder;
}

/** An empty bare repository in a temporary folder. */
export function createRepository(): RealRepository {
  const repository = new RealRepository(createFolder());
  repository.git(["init", "-q", "--bare", "-b", "main"]);
  return repository;
}

/** Histories of many versions of packages are hundreds of thousands of files. */
const CLEAN_UP_MS = 120_000;

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}, CLEAN_UP_MS);

// What `git fsck --strict` calls errors and Plue takes, as GitHub does: histories of before git's own rules are full of
// it, and no client comes to harm.
const TOLERATED = [
  "badDate",
  "badDateOverflow",
  "badEmail",
  "badName",
  "badTimezone",
  "missingEmail",
  "missingNameBeforeEmail",
  "missingSpaceBeforeDate",
  "missingSpaceBeforeEmail",
  "nulInCommit",
  "zeroPaddedDate",
  "zeroPaddedFilemode",
];

/** `git index-pack` as strict as Plue is. */
export const STRICT_INDEX_PACK = [
  "index-pack",
  `--strict=${TOLERATED.map((id) => `${id}=ignore`).join(",")}`,
  "--stdin",
] as const;
