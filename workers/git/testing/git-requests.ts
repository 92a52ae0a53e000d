// Speaks git's protocol by hand, for tests on workerd where no git runs: pushes, fetches and what is answered.
import { hashObject } from "../object/hash-object.ts";
import type { ObjectType } from "../object/object-type.ts";
import { type Oid, ZERO_OID } from "../object/oid.ts";
import type { RefUpdate } from "../wire/command-list.ts";
import { PacketBuffer, parsePacketLength } from "../wire/pkt-line.ts";
import { PackBuilder, text } from "./pack-builder.ts";

interface MadeObject {
  readonly type: ObjectType;
  readonly bytes: Uint8Array;
  readonly oid: Oid;
}

const IDENT = "A U Thor <author@example.com>";

export function makeObject(type: ObjectType, content: string | Uint8Array): MadeObject {
  const bytes = typeof content === "string" ? text(content) : content;
  return { type, bytes, oid: hashObject(type, bytes) };
}

/** A tree of files in its root, from their blobs. */
function makeTree(files: Record<string, MadeObject>): MadeObject {
  const entries = Object.entries(files).sort(([left], [right]) => (left < right ? -1 : 1));
  const bytes = Buffer.concat(
    entries.flatMap(([name, { type, oid }]) => [
      text(`${type === "tree" ? "40000" : "100644"} ${name}\0`),
      Buffer.from(oid, "hex"),
    ]),
  );
  return makeObject("tree", bytes);
}

interface MadeCommit {
  readonly oid: Oid;
  readonly tree: Oid;
  /** The commit, its tree and blobs. */
  readonly objects: readonly MadeObject[];
}

/** A commit of these files, made `seconds` after 2001-09-09. */
export function makeCommit(
  files: Record<string, string>,
  parents: readonly Oid[] = [],
  seconds = 0,
): MadeCommit {
  const blobs = Object.fromEntries(
    Object.entries(files).map(([name, content]) => [name, makeObject("blob", content)]),
  );
  const tree = makeTree(blobs);
  const when = `${IDENT} ${1_000_000_000 + seconds} +0000`;
  const heads = parents.map((parent) => `parent ${parent}\n`).join("");
  const commit = makeObject(
    "commit",
    `tree ${tree.oid}\n${heads}author ${when}\ncommitter ${when}\n\nA change\n`,
  );
  return { oid: commit.oid, tree: tree.oid, objects: [commit, tree, ...Object.values(blobs)] };
}

export function makePack(objects: readonly MadeObject[]): Uint8Array {
  const builder = new PackBuilder();
  const added = new Set<Oid>();
  for (const object of objects) {
    if (!added.has(object.oid)) builder.add(object);
    added.add(object.oid);
  }
  return builder.finish();
}

export const made = (name: string, after: Oid): RefUpdate => ({ name, before: ZERO_OID, after });

const CAPABILITIES = "report-status-v2 side-band-64k delete-refs ofs-delta object-format=sha1 agent=test";

/** The body of a push. @param more capabilities beyond those of every push */
export function encodePush(
  updates: readonly RefUpdate[],
  pack: Uint8Array | null,
  more = "",
): Uint8Array<ArrayBuffer> {
  const out = new PacketBuffer();
  updates.forEach(({ name, before, after }, at) => {
    out.line(`${before} ${after} ${name}${at === 0 ? `\0${CAPABILITIES} ${more}` : ""}`);
  });
  out.flush();
  return Uint8Array.from([...out.take(), ...(pack ?? [])]);
}

/** The body of a command of protocol v2. */
export function encodeCommand(command: string, args: readonly string[]): Uint8Array<ArrayBuffer> {
  const out = new PacketBuffer();
  out.line(`command=${command}`);
  out.line("object-format=sha1");
  out.delim();
  for (const line of args) out.line(line);
  out.flush();
  return out.take();
}

export interface Answer {
  /** Lines outside the bands, or within the data band where the whole answer is in bands. */
  readonly lines: string[];
  /** The data band. */
  readonly data: Uint8Array;
  readonly progress: string;
  readonly fatal: string;
}

/** Takes an answer apart. Lines are told from frames by their first byte. */
export function readAnswer(bytes: Uint8Array): Answer {
  const lines: string[] = [];
  const bands: Uint8Array[][] = [[], [], [], []];
  for (let at = 0; at < bytes.length; ) {
    const length = parsePacketLength(bytes, at);
    at += 4;
    if (typeof length !== "number") {
      lines.push(length);
      continue;
    }
    const band = bytes[at]!;
    if (length > 0 && band <= 3) bands[band]!.push(bytes.subarray(at + 1, at + length));
    else
      lines.push(
        Buffer.from(bytes.subarray(at, at + length))
          .toString()
          .replace(/\n$/, ""),
      );
    at += length;
  }
  const join = (band: number) => Buffer.concat(bands[band]!);
  return { lines, data: new Uint8Array(join(1)), progress: join(2).toString(), fatal: join(3).toString() };
}
