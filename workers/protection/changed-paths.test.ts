// The search for protected paths gives up past its budget, and never says then that there are none.
import { expect, it } from "vitest";
import { createMemoryObjects } from "../testing/memory-objects.ts";
import { findChangedPaths } from "./changed-paths.ts";
import { compileGlob, countGlobSteps } from "./match-glob.ts";

it.each([0, 1])("%d steps past what matching may cost", async (past) => {
  const memory = createMemoryObjects();
  const before = memory.commit({ "a.txt": "1", "b.txt": "1" });
  const after = memory.commit({ "a.txt": "2", "b.txt": "2" });
  const glob = "*.lock";
  const steps = 2 * countGlobSteps(compileGlob(glob), "a.txt");
  const found = await findChangedPaths(memory.objects, before, after, [glob], 10, steps - past);
  expect(found).toEqual(past === 0 ? { kind: "paths", paths: [] } : { kind: "too-costly" });
});
