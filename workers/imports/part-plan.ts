// How a file is cut into parts. Pure.

export interface PartPlan {
  readonly sizeBytes: number;
  /** Of every part but the last, which is as long as what is left. */
  readonly partBytes: number;
}

export function countParts({ sizeBytes, partBytes }: PartPlan): number {
  return Math.ceil(sizeBytes / partBytes);
}

/** The size of part `number`, from 1; 0 when there is no such part. */
export function partSizeBytes(plan: PartPlan, number: number): number {
  if (!Number.isInteger(number) || number < 1 || number > countParts(plan)) return 0;
  return Math.min(plan.partBytes, plan.sizeBytes - (number - 1) * plan.partBytes);
}
