// How much of arriving packs the isolate may hold, of its 128 MB, over all pushes under way. Each push may always hold
// the part it fills; further ones are lent as long as there are any.

import { SPOOL_PARTS_LENT } from "../limits.ts";

export class SpoolMemory {
  private readonly limit: number;
  private lent = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Takes one more part; false when all are lent. */
  borrow(): boolean {
    if (this.lent >= this.limit) return false;
    this.lent++;
    return true;
  }

  giveBack(parts: number): void {
    this.lent -= parts;
  }
}

/** The isolate's own. */
export const spoolMemory = new SpoolMemory(SPOOL_PARTS_LENT);
