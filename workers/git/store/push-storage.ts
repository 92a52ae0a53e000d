// What one push puts into R2: once, however often its commit is tried. Invariant: `discard` leaves nothing that the catalog
// doesn't name, and removes nothing that it may name; what is in doubt is left to the sweep of orphans.
import type { IngestedPack } from "../pack/ingest-types.ts";
import type { StorableSpool } from "./pack-spool.ts";
import { type StoringPack, storePack } from "./pack-store.ts";

export class PushStorage {
  readonly spool: StorableSpool;
  private readonly bucket: R2Bucket;
  private readonly repositoryId: number;
  private storing: Promise<StoringPack> | null = null;
  private commit: "none" | "in doubt" | "done" = "none";
  /** The storage key that the catalog has for the pack. */
  private namedKey: string | null = null;

  /** @param spool what the push receives is put into; let go by `discard` */
  constructor(bucket: R2Bucket, repositoryId: number, spool: StorableSpool) {
    this.bucket = bucket;
    this.repositoryId = repositoryId;
    this.spool = spool;
  }

  /** Whether the push is in. */
  get isCommitted(): boolean {
    return this.commit === "done";
  }

  /** Stores the pack, or says where it was stored before. */
  store(ingested: IngestedPack): Promise<StoringPack> {
    this.storing ??= storePack(this.bucket, this.repositoryId, ingested, this.spool);
    return this.storing;
  }

  /** Waits for the transaction that puts the pack into the catalog, and sees what became of it. */
  async whileCommitting<Result extends { operationId: number | null; storageKey: string | null }>(
    committing: Promise<Result>,
  ): Promise<Result> {
    this.commit = "in doubt";
    const result = await committing;
    this.commit = result.operationId === null ? "none" : "done";
    this.namedKey = result.storageKey;
    const stored = await this.storing;
    if (stored !== null && stored.pack.storageKey === this.namedKey) stored.remember();
    return result;
  }

  /** Lets go of everything that isn't needed any more. To be called at the end of the push. */
  async discard(): Promise<void> {
    await this.spool.discard();
    if (this.storing === null || this.commit === "in doubt") return;
    // What couldn't be stored has been removed by then.
    const stored = await this.storing.catch(() => null);
    if (stored !== null && stored.pack.storageKey !== this.namedKey) await stored.discard();
  }
}
