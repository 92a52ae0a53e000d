// What all steps of a job share runs out for all of them.
import { describe, expect, it } from "vitest";
import { startJobBounds } from "./job-bounds.ts";
import { JOB_OUTPUT_BYTES_MAX } from "./limits.ts";

describe("startJobBounds", () => {
  it("lets the job print what it may, and nothing more", () => {
    const bounds = startJobBounds(1_000);
    bounds.countOutput(JOB_OUTPUT_BYTES_MAX - 1);
    expect(bounds.remainingOutputBytes()).toBe(1);
    bounds.countOutput(1);
    expect(bounds.remainingOutputBytes()).toBe(0);
  });

  it("counts the time down to nothing, and says what it was", () => {
    expect(startJobBounds(0).remainingMs()).toBe(0);
    const bounds = startJobBounds(90_000);
    expect(bounds.remainingMs()).toBeGreaterThan(80_000);
    expect(bounds.timeoutReason).toBe("the job timed out after 90 s");
  });
});
