// Which moves of refs are taken: the whole table.
import { describe, expect, it } from "vitest";
import { judgeUpdates } from "./judge-updates.ts";

const [ZERO, A, B, C] = ["0", "a", "b", "c"].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
];
const move = (name: string, before: string, after: string) => ({ name: `refs/heads/${name}`, before, after });

function judge(refs: Record<string, string>, moves: ReturnType<typeof move>[], isAtomic = false): string[] {
  const current = new Map(Object.entries(refs).map(([name, oid]) => [`refs/heads/${name}`, oid]));
  return judgeUpdates(current, moves, { isAtomic, defaultRef: "refs/heads/main" }).map((outcome) =>
    outcome.status === "conflict" ? `conflict ${outcome.other}` : outcome.status,
  );
}

describe("a ref", () => {
  it.each([
    ["is made", {}, move("x", ZERO, A), "ok"],
    ["moves from what the pusher saw", { x: A }, move("x", A, B), "ok"],
    ["goes", { x: A }, move("x", A, ZERO), "ok"],
    ["doesn't move from another value", { x: C }, move("x", A, B), "stale"],
    ["isn't made over one that is there", { x: C }, move("x", ZERO, B), "stale"],
    ["doesn't move when it is gone", {}, move("x", A, B), "stale"],
    ["doesn't go from another value", { x: C }, move("x", A, ZERO), "stale"],
    ["that is the default branch doesn't go", { main: A }, move("main", A, ZERO), "default-branch"],
    ["that is the default branch moves", { main: A }, move("main", A, B), "ok"],
    ["isn't made below another", { a: A }, move("a/b/c", ZERO, A), "conflict refs/heads/a"],
    ["isn't made above another", { "a/b/c": A }, move("a", ZERO, A), "conflict refs/heads/a/b/c"],
    ["may begin like another", { ab: A, "a-b/c": A }, move("a", ZERO, A), "ok"],
  ])("%s", (_what, refs, one, expected) => {
    expect(judge(refs, [one])).toEqual([expected]);
  });
});

describe("several refs", () => {
  it("are judged each for itself", () => {
    expect(judge({ x: A, y: C }, [move("x", A, B), move("y", A, B)])).toEqual(["ok", "stale"]);
  });

  it("all stay where one is refused and all were to move or none", () => {
    expect(judge({ x: A, y: C }, [move("x", A, B), move("y", A, B)], true)).toEqual(["atomic", "stale"]);
    expect(judge({ x: A, y: A }, [move("x", A, B), move("y", A, B)], true)).toEqual(["ok", "ok"]);
  });

  it("may not stand in each other's way", () => {
    expect(judge({}, [move("a", ZERO, A), move("a/b", ZERO, A)])).toEqual(["ok", "conflict refs/heads/a"]);
    expect(judge({}, [move("a/b", ZERO, A), move("a", ZERO, A)])).toEqual(["ok", "conflict refs/heads/a/b"]);
  });

  it("may take the place of one that goes, in whatever order", () => {
    expect(judge({ a: A }, [move("a/b", ZERO, A), move("a", A, ZERO)])).toEqual(["ok", "ok"]);
    expect(judge({ "a/b": A, "a/c": A }, [move("a/b", A, ZERO), move("a", ZERO, A)])).toEqual([
      "ok",
      "conflict refs/heads/a/c",
    ]);
  });
});
