// Small bundles made by hand, for tests on workerd, where there is no git.
import { hashObject } from "../git/object/hash-object.ts";
import { parseOid } from "../git/object/oid.ts";
import { blob, PackBuilder, text } from "../git/testing/pack-builder.ts";

interface MadeCommit {
  oid: string;
  objects: { type: "blob" | "tree" | "commit"; bytes: Uint8Array }[];
}

/** A commit of one file, with its tree and blob. */
export function makeCommit(content: string | Uint8Array, parent?: string): MadeCommit {
  const file = blob(content);
  const tree = new Uint8Array([...text("100644 file\0"), ...parseOid(file.oid)]);
  const treeOid = hashObject("tree", tree);
  const person = "A U Thor <author@example.com> 1700000000 +0000";
  const parents = parent === undefined ? "" : `parent ${parent}\n`;
  const bytes = text(`tree ${treeOid}\n${parents}author ${person}\ncommitter ${person}\n\nA change\n`);
  return {
    oid: hashObject("commit", bytes),
    objects: [
      { type: "blob", bytes: file.bytes },
      { type: "tree", bytes: tree },
      { type: "commit", bytes },
    ],
  };
}

/** The pack of some commits. */
export function makePack(commits: readonly MadeCommit[]): Uint8Array {
  const builder = new PackBuilder();
  for (const object of commits.flatMap(({ objects }) => objects)) builder.add(object);
  return builder.finish();
}

/** A bundle of version 2. */
export function makeBundle(
  refs: Record<string, string>,
  pack: Uint8Array,
  prerequisites: readonly string[] = [],
): Uint8Array {
  const lines = [
    "# v2 git bundle",
    ...prerequisites.map((oid) => `-${oid} A change`),
    ...Object.entries(refs).map(([name, oid]) => `${oid} ${name}`),
    "",
    "",
  ];
  const head = text(lines.join("\n"));
  const bundle = new Uint8Array(head.length + pack.length);
  bundle.set(head);
  bundle.set(pack, head.length);
  return bundle;
}
