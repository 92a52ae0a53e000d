// A repository's content by revision and path, for pages: refs from Postgres, objects through the git engine.
import type { Database } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import {
  SHOWN_ENTRY_LINKS_BYTES_MAX,
  SHOWN_FILE_BYTES_MAX,
  SHOWN_REFS_MAX,
  SHOWN_TREE_ENTRIES_MAX,
} from "../core/limits.ts";
import { createObjectReader } from "../git/store/object-reader.ts";
import { listFirstRefs } from "../git/store/refs.ts";
import { decodeText } from "./decode-text.ts";
import { type FoundRevision, findRevision } from "./find-revision.ts";
import { type ListedEntry, listTree } from "./list-tree.ts";
import type { ObjectSource } from "./object-source.ts";
import { openRawFile, type RawFile } from "./raw-file.ts";

type FileView =
  | { kind: "text"; text: string; sizeBytes: number }
  | { kind: "binary"; sizeBytes: number }
  | { kind: "large"; sizeBytes: number; limitBytes: number }
  | { kind: "symlink"; target: string }
  | { kind: "submodule"; oid: string };

type PathView =
  | { kind: "missing" }
  | { kind: "file"; file: FileView }
  | { kind: "folder"; entries: SizedEntry[]; entriesLeftOut: number; readme: Readme | null };

interface SizedEntry extends ListedEntry {
  /** Bytes of a blob; null for the others. */
  sizeBytes: number | null;
}

interface Readme {
  name: string;
  text: string;
}

interface Content {
  objects: ObjectSource;
  /** What `revision/path` means; branches come before tags, and those before full commit ids. */
  resolve(rest: string): Promise<FoundRevision | null>;
  /** As `resolve`, with the revisions there are to choose from. */
  look(rest: string): Promise<{
    revisions: { branches: string[]; tags: string[]; isCut: boolean };
    resolved: FoundRevision | null;
  }>;
  /** What stands at a path of a revision, which `oid` is what was resolved of. */
  view(oid: string, path: string): Promise<PathView>;
  /** The bytes of a file, or null when there is none. */
  openRaw(oid: string, path: string): Promise<RawFile | null>;
}

const SYMLINK_MODE = "120000";

/** Content of a repository that the caller was let into. Reads nothing until it is asked to. */
export function openContent(env: Env, database: Database, repository: { id: number }): Content {
  const objects = createObjectReader(env, database, repository.id);
  const resolve = (rest: string) => findRevision(database.query, objects, repository.id, rest);
  return {
    objects,
    resolve,
    look: async (rest) => ({
      revisions: await listRevisions(database, repository.id),
      resolved: await resolve(rest),
    }),
    view: (oid, path) => viewPath(objects, oid, path),
    openRaw: (oid, path) => openRawFile(objects, oid, path),
  };
}

async function listRevisions(database: Database, repositoryId: number) {
  const list = async (prefix: string) => {
    const refs = await listFirstRefs(database.query, repositoryId, prefix, SHOWN_REFS_MAX + 1);
    return refs.map((ref) => ref.name.slice(prefix.length));
  };
  const branches = await list("refs/heads/");
  const tags = await list("refs/tags/");
  return {
    branches: branches.slice(0, SHOWN_REFS_MAX),
    tags: tags.slice(0, SHOWN_REFS_MAX),
    isCut: branches.length > SHOWN_REFS_MAX || tags.length > SHOWN_REFS_MAX,
  };
}

async function viewPath(objects: ObjectSource, oid: string, path: string): Promise<PathView> {
  const listing = await listTree(objects, oid, path);
  if (listing.kind === "missing") return listing;
  if (listing.kind === "gitlink") return { kind: "file", file: { kind: "submodule", oid: listing.oid } };
  if (listing.kind === "blob") return { kind: "file", file: await viewFile(objects, listing) };
  const entries: SizedEntry[] = [];
  let linksBytes = 0;
  for (const entry of listing.entries.slice(0, SHOWN_TREE_ENTRIES_MAX)) {
    linksBytes += path.length + entry.name.length;
    if (linksBytes > SHOWN_ENTRY_LINKS_BYTES_MAX) break;
    const header = entry.type === "blob" ? await objects.readHeader(entry.oid) : null;
    entries.push({ ...entry, sizeBytes: header?.sizeBytes ?? null });
  }
  return {
    kind: "folder",
    entries,
    entriesLeftOut: listing.entries.length - entries.length,
    readme: await findReadme(objects, listing.entries),
  };
}

async function viewFile(
  objects: ObjectSource,
  file: { oid: string; mode: string; sizeBytes: number },
): Promise<FileView> {
  const { sizeBytes } = file;
  if (sizeBytes > SHOWN_FILE_BYTES_MAX) return { kind: "large", sizeBytes, limitBytes: SHOWN_FILE_BYTES_MAX };
  const blob = await objects.readObject(file.oid);
  const text = blob ? decodeText(blob.bytes) : undefined;
  if (text === undefined) return { kind: "binary", sizeBytes };
  return file.mode === SYMLINK_MODE ? { kind: "symlink", target: text } : { kind: "text", text, sizeBytes };
}

async function findReadme(objects: ObjectSource, entries: ListedEntry[]): Promise<Readme | null> {
  const file = entries.find(
    (entry) => entry.type === "blob" && /^readme(\.(md|markdown|txt|rst))?$/i.test(entry.name),
  );
  const header = file && (await objects.readHeader(file.oid));
  if (!file || !header || header.sizeBytes > SHOWN_FILE_BYTES_MAX) return null;
  const blob = await objects.readObject(file.oid);
  const text = blob ? decodeText(blob.bytes) : undefined;
  return text === undefined ? null : { name: file.name, text };
}
