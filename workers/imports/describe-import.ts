// How an import looks to those who ask for it.
import { z } from "@hono/zod-openapi";
import { countParts, partSizeBytes } from "./part-plan.ts";
import type { ImportStatus } from "./service.ts";

export const importSchema = z
  .object({
    id: z.number().int(),
    url: z.string(),
    format: z.enum(["bundle", "pack"]),
    force: z.boolean(),
    state: z.enum(["uploading", "queued", "indexing", "done", "failed", "aborted", "expired"]),
    size_bytes: z.number().int(),
    part_size_bytes: z.number().int(),
    parts: z.number().int().openapi({ description: "How many parts there are to be sent" }),
    received_parts: z.array(z.number().int()).openapi({ description: "Those that are there, from 1" }),
    received_bytes: z
      .number()
      .int()
      .openapi({ description: "Of size_bytes; all of them once it is complete" }),
    progress: z
      .object({
        phase: z.enum(["scanning", "resolving", "storing"]),
        done: z.number().int(),
        total: z.number().int(),
      })
      .nullable()
      .openapi({ description: "While it is indexed: objects scanned, deltas resolved, or bytes stored" }),
    failure: z.string().nullable(),
    result: z
      .object({
        moved: z.number().int(),
        unchanged: z.number().int(),
        skipped: z.number().int(),
        skipped_names: z.array(z.string()),
        lines: z.array(z.string()),
      })
      .nullable(),
    created_at: z.string(),
    updated_at: z.string(),
    expires_at: z.string().nullable(),
  })
  .openapi("Import");

function countReceivedBytes(row: ImportStatus["row"], receivedParts: readonly number[]): number {
  if (row.partEtags !== null) return row.sizeBytes;
  return receivedParts.reduce((sum, number) => sum + partSizeBytes(row, number), 0);
}

/** Between two slices it waits in the queue. */
const isIndexed = ({ state, savedAttempt }: ImportStatus["row"]): boolean =>
  state === "indexing" || (state === "queued" && savedAttempt !== null);

export function describeImport(
  { row, receivedParts }: ImportStatus,
  repository: { owner: string; name: string },
  publicUrl: string,
): z.infer<typeof importSchema> {
  const { phase, done, total, result } = row;
  return {
    id: row.id,
    url: `${publicUrl}/api/${repository.owner}/${repository.name}/import/${row.id}`,
    format: row.format,
    force: row.isForced,
    state: row.state,
    size_bytes: row.sizeBytes,
    part_size_bytes: row.partBytes,
    parts: countParts(row),
    received_parts: receivedParts,
    received_bytes: countReceivedBytes(row, receivedParts),
    progress: isIndexed(row) && phase !== null ? { phase, done, total } : null,
    failure: row.failure,
    result:
      result === null
        ? null
        : {
            moved: result.moved,
            unchanged: result.unchanged,
            skipped: result.skipped,
            skipped_names: result.skippedNames,
            lines: result.lines,
          },
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    expires_at: row.state === "uploading" ? row.expiresAt.toISOString() : null,
  };
}
