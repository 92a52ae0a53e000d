// A repository's objects in memory, for tests of what reads them: the same bytes that git would store.
import { createHash } from "node:crypto";
import type { ObjectSource } from "../content/object-source.ts";
import type { ObjectType } from "../git/object/object-type.ts";

export type MemoryTree = { [name: string]: string | Uint8Array | Symlink | MemoryTree };

/** A symbolic link. */
export class Symlink {
  readonly target: string;
  constructor(target: string) {
    this.target = target;
  }
}

interface MemoryObjects {
  objects: ObjectSource;
  /** Stores a commit of these files. @returns its oid. */
  commit(files: MemoryTree, message?: string): string;
  /** Stores an annotated tag. @returns its oid. */
  tag(target: string, targetType: ObjectType): string;
}

export function createMemoryObjects(): MemoryObjects {
  const stored = new Map<string, { type: ObjectType; bytes: Uint8Array }>();
  const put = (type: ObjectType, bytes: Uint8Array): string => {
    const oid = createHash("sha1").update(`${type} ${bytes.length}\0`).update(bytes).digest("hex");
    stored.set(oid, { type, bytes });
    return oid;
  };
  const putText = (type: ObjectType, text: string) => put(type, Buffer.from(text));
  const putTree = (tree: MemoryTree): string => {
    const entries = Object.entries(tree).map(([name, content]) => {
      if (typeof content === "string") return { name, mode: "100644", oid: putText("blob", content) };
      if (content instanceof Symlink) return { name, mode: "120000", oid: putText("blob", content.target) };
      if (content instanceof Uint8Array) return { name, mode: "100644", oid: put("blob", content) };
      return { name, mode: "40000", oid: putTree(content) };
    });
    const sortKey = (entry: { name: string; mode: string }) =>
      entry.mode === "40000" ? `${entry.name}/` : entry.name;
    entries.sort((left, right) => Buffer.compare(Buffer.from(sortKey(left)), Buffer.from(sortKey(right))));
    return put(
      "tree",
      Buffer.concat(
        entries.flatMap(({ name, mode, oid }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, "hex")]),
      ),
    );
  };
  const person = "A U Thor <author@example.com> 1790000000 +0000";
  return {
    objects: {
      readObject: async (oid) => stored.get(oid) ?? null,
      readHeader: async (oid) => {
        const object = stored.get(oid);
        return object ? { type: object.type, sizeBytes: object.bytes.length } : null;
      },
    },
    commit: (files, message = "A change\n") =>
      putText("commit", `tree ${putTree(files)}\nauthor ${person}\ncommitter ${person}\n\n${message}`),
    tag: (target, targetType) =>
      putText("tag", `object ${target}\ntype ${targetType}\ntag v1\ntagger ${person}\n\nA tag\n`),
  };
}
