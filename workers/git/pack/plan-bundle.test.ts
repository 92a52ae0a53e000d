// Which packs may be given away as bundles, judged by real git: what is offered is whole, and holds nothing else.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BUNDLE_REF_LIMIT } from "../limits.ts";
import { createRepository } from "../testing/real-git.ts";
import { writeHistory } from "../testing/seeded-history.ts";
import { openTestPacks, type TestPacks } from "../testing/test-packs.ts";
import { formatBundleHeader } from "../wire/bundle-header.ts";
import { planBundle } from "./plan-bundle.ts";

const repository = createRepository();
writeHistory(repository, 3, 30);
const commits = repository.text(["rev-list", "--first-parent", "main"]).split("\n");
const old = commits[5]!;

function plan(packs: TestPacks, refs: Record<string, string>) {
  const numbered = Object.entries(refs).map(([name, oid]) => ({ name, number: packs.set.find(oid) }));
  return planBundle(packs.set, numbered)?.map(({ name, number }) => [name, packs.set.oidAt(number)]) ?? null;
}

describe("a pack is a bundle", () => {
  it("by the refs that reach all of it, and real git takes it", async () => {
    const packs = await openTestPacks([repository.pack(["main", "v1"])]);
    const refs = { "refs/heads/main": commits[0]!, "refs/tags/v1": repository.text(["rev-parse", "v1"]) };
    const named = plan(packs, refs);
    expect(named).toEqual(Object.entries(refs));
    const head = formatBundleHeader((named ?? []).map(([name = "", oid = ""]) => ({ name, oid })));
    const file = join(repository.dir, "made.bundle");
    writeFileSync(file, Buffer.concat([head, packs.sources[0]!.bytes]));
    const fresh = createRepository();
    fresh.git(["bundle", "verify", file]);
    fresh.git(["fetch", "--quiet", file, "refs/*:refs/*"]);
    expect(fresh.text(["rev-parse", "main"])).toBe(commits[0]);
    fresh.git(["fsck", "--full", "--strict"]);
  });

  it("by a branch as it was, when the branch has gone on since", async () => {
    const packs = await openTestPacks([repository.pack([old]), repository.pack(["main", `^${old}`])]);
    expect(plan(packs, { "refs/heads/main": commits[0]! })).toEqual([["refs/heads/main", old]]);
  });
});

describe("a pack is none", () => {
  it("when it holds what no named ref reaches", async () => {
    const packs = await openTestPacks([repository.pack(["main"])]);
    expect(plan(packs, { "refs/heads/main": old })).toBeNull();
    expect(plan(packs, {})).toBeNull();
  });

  it("when it needs objects of another", async () => {
    const packs = await openTestPacks([
      repository.pack(["main", `^${old}`]),
      repository.pack([commits[29]!]),
    ]);
    expect(packs.set.members[0]?.graph.externalCount).toBeGreaterThan(0);
    expect(plan(packs, { "refs/heads/main": commits[0]! })).toBeNull();
  });

  it("when more refs would have to be named than the limit", async () => {
    const packs = await openTestPacks([repository.pack(["main"])]);
    const refs = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`refs/heads/${at}`, commits[0]!]));
    expect(plan(packs, refs(BUNDLE_REF_LIMIT))).toHaveLength(BUNDLE_REF_LIMIT);
    expect(plan(packs, refs(BUNDLE_REF_LIMIT + 1))).toBeNull();
  });

  it("when there is none", async () => {
    expect(plan(await openTestPacks([]), {})).toBeNull();
  });
});
