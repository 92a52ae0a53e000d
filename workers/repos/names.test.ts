// Which names repositories may have.
import { describe, expect, it } from "vitest";
import { findNameProblem } from "./names.ts";

describe("findNameProblem", () => {
  it.each(["demo", "a", "Demo.js", "x_y-z", ".github", "a".repeat(100)])("accepts %s", (name) => {
    expect(findNameProblem(name)).toBeUndefined();
  });
  it.each(["", "a".repeat(101), "a/b", "a b", "ü", "..", ".", "runs", "V3", "demo.git", "x.LOCK", "a\n"])(
    "refuses %j with a reason",
    (name) => {
      expect(findNameProblem(name)).toMatch(/name/);
    },
  );
});
