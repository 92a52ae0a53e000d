// Which names repositories may have.
import { describe, expect, it } from "vitest";
import { findNameProblem, findOwnerNameProblem, toSkeleton } from "./names.ts";

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

describe("findOwnerNameProblem", () => {
  it.each(["ada", "A", "a-b", "X9", "a".repeat(39), "orgless", "newton"])("accepts %s", (name) => {
    expect(findOwnerNameProblem(name)).toBeUndefined();
  });
  it.each([
    ...["", "a".repeat(40), "-a", "a-", "a--b", "a_b", "a.b", "ü", "аda", "a/b", "a b", "a\n", "％41"],
    ...["api", "Login", "SETTINGS", "new", "orgs", "adm1n", "s1gn-in", "l0gin", "ad-min", "adrnin"],
  ])("refuses %j with a reason", (name) => {
    expect(findOwnerNameProblem(name)).toMatch(/name/);
  });
});

describe("toSkeleton", () => {
  it("is the same for names that look the same", () => {
    for (const [left, right] of [
      ["Bill", "bi11"],
      ["modern", "modem"],
      ["wow", "vvovv"],
      ["o0", "0O"],
      ["a-b", "ab"],
    ]) {
      expect(toSkeleton(left ?? "")).toBe(toSkeleton(right ?? ""));
    }
    expect(toSkeleton("ada")).not.toBe(toSkeleton("add"));
  });
});
