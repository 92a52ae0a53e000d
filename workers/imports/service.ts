// The rules of imports: begun, uploaded in parts, completed, given up. Indexing is in run-import.ts. Invariant: parts
// are taken only while the import is uploading, and what is indexed is what was there when it was completed.
import type { ImportFormat, ImportRef } from "../../schema/tables/imports.ts";
import type { Database } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import {
  IMPORT_BYTES_MAX,
  IMPORT_PART_BYTES_DEFAULT,
  IMPORT_PARTS_MAX,
  IMPORTS_LISTED_MAX,
  IMPORTS_PER_REPOSITORY_MAX,
} from "../core/limits.ts";
import { readPartDigest } from "./part-digest.ts";
import { countParts } from "./part-plan.ts";
import * as partStore from "./part-store.ts";
import type { Import } from "./store.ts";
import * as store from "./store.ts";

interface Services {
  env: Env;
  database: Database;
}

interface WantedImport {
  repositoryId: number;
  actorId: number;
  format: ImportFormat;
  isForced: boolean;
  sizeBytes: number;
  partBytes?: number | undefined;
  refs: ImportRef[];
}

/** An import and the numbers of the parts that are there; none are listed once it is no longer uploading. */
export interface ImportStatus {
  row: Import;
  receivedParts: number[];
}

/** @throws ForgeError `invalid` past a limit, `conflict` when the repository has too many under way. */
export async function beginImport({ database }: Services, wanted: WantedImport): Promise<ImportStatus> {
  const partBytes = wanted.partBytes ?? IMPORT_PART_BYTES_DEFAULT;
  const { sizeBytes } = wanted;
  if (sizeBytes > IMPORT_BYTES_MAX) {
    throw invalid("size_bytes", `An import has at most ${IMPORT_BYTES_MAX} bytes.`);
  }
  if (countParts({ sizeBytes, partBytes }) > IMPORT_PARTS_MAX) {
    throw invalid("part_size_bytes", `An import has at most ${IMPORT_PARTS_MAX} parts.`);
  }
  if (wanted.format === "pack" && wanted.refs.length === 0) {
    throw invalid("refs", "A pack says nothing of refs: name those it is for.");
  }
  if (wanted.format === "bundle" && wanted.refs.length > 0) {
    throw invalid("refs", "A bundle says itself what refs it has.");
  }
  const row = await database.transaction((transaction) =>
    store.insertImport(transaction, { ...wanted, partBytes }),
  );
  if (row === undefined) {
    throw new ForgeError(
      "conflict",
      `At most ${IMPORTS_PER_REPOSITORY_MAX} imports of a repository may be under way. Finish or delete one.`,
    );
  }
  return { row, receivedParts: [] };
}

/** How an import stands. One that seems to have been forgotten is put before the queue again. */
export async function getImport(services: Services, repositoryId: number, id: number): Promise<ImportStatus> {
  const row = await requireImport(services, repositoryId, id);
  if (row.state === "uploading") {
    const parts = await partStore.listParts(services.env.objects, row);
    return { row, receivedParts: [...parts.keys()].sort((left, right) => left - right) };
  }
  await resendStale(services, id);
  return { row, receivedParts: [] };
}

/** A repository's newest imports. What those hold that are uploading isn't looked up. */
export async function listImports({ database }: Services, repositoryId: number): Promise<ImportStatus[]> {
  const rows = await store.listImports(database.query, repositoryId, IMPORTS_LISTED_MAX);
  return rows.map((row) => ({ row, receivedParts: [] }));
}

/** Takes one part; a part may be sent again. @throws ForgeError `not_found`, `conflict`, `invalid`, `bad_request` */
export async function uploadPart(
  services: Services,
  target: { repositoryId: number; id: number; number: number },
  request: { headers: Headers; body: ReadableStream<Uint8Array> | null },
): Promise<void> {
  const row = await requireImport(services, target.repositoryId, target.id);
  if (target.number < 1 || target.number > countParts(row)) {
    throw notFound(`This import has the parts 1 to ${countParts(row)}.`);
  }
  const digest = readPartDigest(request.headers);
  if (!(await store.touchUpload(services.database.query, row.id))) throw ended(row);
  const body = request.body ?? new Blob([]).stream();
  const length = request.headers.get("content-length");
  const saidBytes = length === null ? null : Number(length);
  const bucket = services.env.objects;
  await partStore.putPart(bucket, row, { number: target.number, body, saidBytes, digest });
  const now = await requireImport(services, target.repositoryId, target.id);
  if (now.state === "uploading") return;
  // It ended while the part was on its way: what ended for good has nobody to clean up after it.
  if (!now.hasParts) await partStore.deletePart(bucket, row, target.number);
  throw ended(now);
}

/** Ends the upload and hands the import over to be indexed. Done twice, it is done once. */
export async function completeImport(
  services: Services,
  repositoryId: number,
  id: number,
): Promise<ImportStatus> {
  const row = await requireImport(services, repositoryId, id);
  if (row.state !== "uploading") {
    if (row.partEtags === null) throw ended(row);
    return { row, receivedParts: [] };
  }
  const parts = await partStore.listParts(services.env.objects, row);
  const numbers = Array.from({ length: countParts(row) }, (_, at) => at + 1);
  const missing = numbers.filter((number) => !parts.has(number));
  if (missing.length > 0) {
    const some = missing.slice(0, 10).join(", ");
    throw new ForgeError("conflict", `${missing.length} parts are missing: ${some}`);
  }
  const etags = numbers.map((number) => parts.get(number)?.etag ?? "");
  const queued = await store.queueImport(services.database.query, id, etags);
  if (queued === undefined) return getImport(services, repositoryId, id);
  await send(services, [id]);
  return { row: queued, receivedParts: [] };
}

/** Gives an import up. @throws ForgeError `conflict` when it is being indexed or has ended. */
export async function abortImport(
  services: Services,
  repositoryId: number,
  id: number,
): Promise<ImportStatus> {
  const row = await requireImport(services, repositoryId, id);
  const aborted = await store.abortImport(services.database.query, id);
  if (aborted === undefined && row.state !== "aborted") {
    throw new ForgeError("conflict", "It is being indexed or has ended; it can't be given up any more.");
  }
  if (aborted !== undefined) await cleanUp(services, aborted);
  return { row: aborted ?? row, receivedParts: [] };
}

/** The clock's part: ends idle uploads, removes what ended imports left, and reminds the queue. */
export async function sweepImports(services: Services): Promise<void> {
  await store.expireUploads(services.database.query);
  for (const row of await store.listEndedWithParts(services.database.query)) await cleanUp(services, row);
  await resendStale(services);
}

/** Removes what an import that has just ended left in R2. */
export async function cleanUpEnded(services: Services, id: number): Promise<void> {
  const row = await store.findEndedWithParts(services.database.query, id);
  if (row !== undefined) await cleanUp(services, row);
}

async function cleanUp({ env, database }: Services, row: Import): Promise<void> {
  await partStore.deleteParts(env.objects, row);
  await store.markPartsGone(database.query, row.id);
}

async function resendStale(services: Services, id?: number): Promise<void> {
  await send(services, await store.requeueStale(services.database.query, id));
}

async function send({ env }: Services, ids: readonly number[]): Promise<void> {
  for (const importId of ids) await env.importsQueue.send({ kind: "import", importId });
}

async function requireImport({ database }: Services, repositoryId: number, id: number): Promise<Import> {
  const row = await store.findImport(database.query, repositoryId, id);
  if (row === undefined) throw notFound();
  return row;
}

function ended(row: Import): ForgeError {
  return new ForgeError("conflict", `This import takes no parts: it is ${row.state}.`);
}

function invalid(field: string, message: string): ForgeError {
  return new ForgeError("invalid", message, {
    fields: [{ resource: "Import", field, code: "invalid", message }],
  });
}
