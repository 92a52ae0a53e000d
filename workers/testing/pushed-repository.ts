// A repository on workerd that is pushed to over HTTP, with packs made here: commits of flat trees, some blobs as deltas.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { eq, sql } from "drizzle-orm";
import { packs } from "../../schema/tables/git.ts";
import { app } from "../app.ts";
import { hashObject } from "../git/object/hash-object.ts";
import { type Oid, parseOid, ZERO_OID } from "../git/object/oid.ts";
import { packColumns } from "../git/store/catalog.ts";
import { splitSidecars } from "../git/store/joined-pack.ts";
import {
  graphKey,
  indexKey,
  listPackKeys,
  packKey,
  parseStorageKey,
  repositoryPrefix,
} from "../git/store/keys.ts";
import { appendingDelta, blob, PackBuilder, text } from "../git/testing/pack-builder.ts";
import { createPerson, database, makeRepository, type Person } from "./fixtures.ts";

type Files = Record<string, string>;

/** What one push takes along: the ids of its objects, and the pack of them. */
export interface MadeCommit {
  readonly oid: Oid;
  readonly objects: readonly Oid[];
  readonly pack: Uint8Array;
}

/** Makes a commit of files at the root. A file of more than 100 characters is stored as a delta. */
export function makeCommit(files: Files, parent: Oid | null = null, message = "A change\n"): MadeCommit {
  const builder = new PackBuilder();
  const objects: Oid[] = [];
  const parts: Uint8Array[] = [];
  for (const name of Object.keys(files).sort()) {
    const content = files[name]!;
    const { oid } = blob(content);
    if (!objects.includes(oid)) addBlob(builder, objects, content);
    parts.push(text(`100644 ${name}\0`), parseOid(oid));
  }
  const tree = Buffer.concat(parts);
  const treeOid = hashObject("tree", tree);
  builder.add({ type: "tree", bytes: tree });
  const person = "A U Thor <author@example.com> 1790000000 +0000";
  const parents = parent === null ? "" : `parent ${parent}\n`;
  const bytes = text(`tree ${treeOid}\n${parents}author ${person}\ncommitter ${person}\n\n${message}`);
  builder.add({ type: "commit", bytes });
  const oid = hashObject("commit", bytes);
  return { oid, objects: [...objects, treeOid, oid], pack: builder.finish() };
}

function addBlob(builder: PackBuilder, objects: Oid[], content: string): void {
  const whole = blob(content);
  if (content.length > 100) {
    const base = blob(content.slice(0, 100));
    if (!objects.includes(base.oid)) {
      builder.add(base);
      objects.push(base.oid);
      const delta = appendingDelta(base.bytes, whole.bytes.subarray(100));
      builder.add({ baseEntry: builder.offsets.length - 1, delta });
      objects.push(whole.oid);
      return;
    }
  }
  builder.add(whole);
  objects.push(whole.oid);
}

export class PushedRepository {
  readonly id: number;
  readonly name: string;
  readonly person: Person;

  private constructor(id: number, name: string, person: Person) {
    this.id = id;
    this.name = name;
    this.person = person;
  }

  static async create(): Promise<PushedRepository> {
    const person = await createPerson();
    const { id, name } = await makeRepository(person);
    return new PushedRepository(id, name, person);
  }

  /** One that is there already. */
  static of(id: number, name: string, person: Person): PushedRepository {
    return new PushedRepository(id, name, person);
  }

  get path(): string {
    return `/${this.person.username}/${this.name}`;
  }

  /** Moves a ref, with a pack or without; returns what the server reports. */
  async push(
    ref: string,
    before: Oid,
    after: Oid,
    pack: Uint8Array | null,
    objects: R2Bucket = env.OBJECTS,
  ): Promise<string> {
    const line = `${before} ${after} ${ref}\0 report-status ofs-delta\n`;
    const head = text(`${(line.length + 4).toString(16).padStart(4, "0")}${line}0000`);
    const request = new Request(`http://plue.test${this.path}.git/git-receive-pack`, {
      method: "POST",
      // A deletion comes without a pack; whatever else needs no object, with an empty one.
      body: after === ZERO_OID ? head : Buffer.concat([head, pack ?? new PackBuilder().finish()]),
      headers: {
        "content-type": "application/x-git-receive-pack-request",
        authorization: `Basic ${btoa(`x:${this.person.token}`)}`,
      },
    });
    const context = createExecutionContext();
    const response = await app.fetch(request, { ...env, OBJECTS: objects }, context);
    // The push goes on at the pace at which its answer is read.
    const report = new TextDecoder().decode(await response.arrayBuffer());
    await waitOnExecutionContext(context);
    return report;
  }

  /** Pushes a commit to a branch. Throws unless it was taken. */
  async commit(
    branch: string,
    files: Files,
    before: Oid | null = null,
    message?: string,
  ): Promise<MadeCommit> {
    const made = makeCommit(files, before, message);
    await this.move(`refs/heads/${branch}`, before ?? ZERO_OID, made.oid, made.pack);
    return made;
  }

  /** As `push`. Throws unless it was taken. */
  async move(ref: string, before: Oid, after: Oid, pack: Uint8Array | null = null): Promise<void> {
    const report = await this.push(ref, before, after, pack);
    if (!report.includes(`ok ${ref}`)) throw new Error(`the push was refused: ${report}`);
  }

  /** Pushes one commit after the other to `main`, so that there are as many packs. */
  async commitMany(count: number): Promise<MadeCommit[]> {
    const made: MadeCommit[] = [];
    for (let at = 0; at < count; at++) {
      const files = { "a.txt": `${"line\n".repeat(30)}${at}\n`, [`f${at}.txt`]: `file ${at}\n` };
      made.push(await this.commit("main", files, made.at(-1)?.oid ?? null));
    }
    return made;
  }

  /** The catalog: `state sha`, sorted. */
  async listPacks(): Promise<
    { sha: Oid; storageKey: string; sizeBytes: number; objectCount: number; state: string; class: string }[]
  > {
    return database.query
      .select({ ...packColumns, state: packs.state, class: packs.class })
      .from(packs)
      .where(eq(packs.repositoryId, this.id))
      .orderBy(packs.createdAt);
  }

  /** Stores a small pack as it would have been when all were named by their hash. @returns its storage key then */
  async nameByHash(pack: {
    sha: Oid;
    storageKey: string;
    sizeBytes: number;
    objectCount: number;
  }): Promise<string> {
    const named = `${repositoryPrefix(this.id)}packs/${pack.sha}`;
    const joined = await env.OBJECTS.get(packKey(pack.storageKey));
    const bytes = new Uint8Array(await joined!.arrayBuffer());
    const { idx, graph } = splitSidecars(bytes.subarray(pack.sizeBytes), pack.objectCount);
    await env.OBJECTS.put(packKey(named), bytes.subarray(0, pack.sizeBytes));
    await env.OBJECTS.put(indexKey(named), idx);
    await env.OBJECTS.put(graphKey(named), graph);
    await env.OBJECTS.delete(packKey(pack.storageKey));
    await database.query.execute(
      sql`UPDATE packs SET storage_key = ${named} WHERE storage_key = ${pack.storageKey}`,
    );
    return named;
  }

  /** How many of a pack's objects R2 has: of one, or of three and more. */
  async countStored(pack: { storageKey: string; sizeBytes: number }): Promise<number> {
    const heads = await Promise.all(listPackKeys(pack).map((key) => env.OBJECTS.head(key)));
    return heads.filter((head) => head !== null).length;
  }

  /** The storage keys of all that R2 holds of the repository's packs. */
  async listStored(): Promise<string[]> {
    const { objects } = await env.OBJECTS.list({ prefix: repositoryPrefix(this.id) });
    return [...new Set(objects.flatMap(({ key }) => parseStorageKey(key) ?? []))].sort();
  }
}
