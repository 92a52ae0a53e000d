// What a fetch plans, against `git rev-list` on the same history: nothing that the client needs is left out.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createRepository, type RealRepository } from "../testing/real-git.ts";
import { createRandom, writeHistory } from "../testing/seeded-history.ts";
import { openTestPacks, type TestPacks } from "../testing/test-packs.ts";
import { peel, planFetch } from "./plan-fetch.ts";
import { SENT } from "./plan-fetch-commits.ts";
import { reachesCommon } from "./plan-fetch-common.ts";
import type { DeepenTo } from "./plan-fetch-shallow.ts";
import { markReachable, markReachableCommits } from "./plan-fetch-visible.ts";

let repository: RealRepository;
let packs: TestPacks;
let commits: string[];

beforeAll(async () => {
  repository = createRepository();
  writeHistory(repository, 7, 60);
  commits = repository.text(["rev-list", "main"]).split("\n");
  // Three packs, two of which hold some of the same objects.
  packs = await openTestPacks([
    repository.pack(["main", `^${commits[40]}`], ["--thin"]),
    repository.pack([commits[30]!]),
    repository.pack(["v1", "v1-again", "main"]),
  ]);
});

interface Asked {
  wants: string[];
  haves?: string[];
  clientShallow?: string[];
  deepen?: DeepenTo | null;
  filter?: { blobLimitBytes: number | null; treeDepth: number | null } | null;
}

function plan({ wants, haves = [], clientShallow = [], deepen = null, filter = null }: Asked) {
  const numbersOf = (oids: string[]) => oids.map((oid) => packs.set.find(oid));
  const planned = planFetch(packs.set, {
    wants: numbersOf(wants),
    haves: numbersOf(haves),
    clientShallow: numbersOf(clientShallow),
    deepen,
    filter,
  });
  const sent = new Set<string>();
  planned.marks.forEach((mark, number) => {
    if ((mark & SENT) !== 0) sent.add(packs.set.oidAt(number));
  });
  expect(sent.size).toBe(planned.sentCount);
  const oidsOf = (numbers: readonly number[]) => numbers.map((number) => packs.set.oidAt(number)).sort();
  return {
    planned,
    sent,
    shallow: oidsOf(planned.shallow.shallow),
    unshallow: oidsOf(planned.shallow.unshallow),
  };
}

/** All objects of a rev-list, gitlinks aside, as git's own walk leaves them out. */
function listObjects(...args: string[]): Set<string> {
  const lines = repository.text(["rev-list", "--objects", "--no-object-names", ...args]);
  return new Set(lines === "" ? [] : lines.split("\n"));
}

describe("a fetch", () => {
  it("of everything sends everything that is reached, once, though several packs have it", () => {
    expect(plan({ wants: [repository.text(["rev-parse", "v1-again"]), commits[0]!] }).sent).toEqual(
      listObjects("v1-again", "main"),
    );
  });

  it("of a tag sends the tags on the way to what it names", () => {
    const tag = repository.text(["rev-parse", "v1-again"]);
    const { sent } = plan({ wants: [tag], haves: [commits[0]!] });
    expect(sent).toEqual(new Set([tag, repository.text(["rev-parse", "v1"])]));
  });

  it("of what the client has sends nothing", () => {
    expect(plan({ wants: [commits[5]!], haves: [commits[0]!] }).sent.size).toBe(0);
  });

  it("sends all commits that are new and nothing that is needed is missing, from any have to any want", () => {
    const random = createRandom(11);
    for (let round = 0; round < 25; round++) {
      const pick = () => commits[Math.floor(random() * commits.length)]!;
      const [wants, haves] = [
        [pick(), pick()],
        [pick(), pick()],
      ];
      const { sent } = plan({ wants, haves });
      const needed = listObjects(...wants, ...haves.map((have) => `^${have}`));
      const held = listObjects(...haves);
      const missing = [...needed].filter((oid) => !sent.has(oid) && !held.has(oid));
      const wanted = listObjects(...wants);
      const extra = [...sent].filter((oid) => !wanted.has(oid));
      expect({ missing, extra }).toEqual({ missing: [], extra: [] });
      const commitsSent = [...sent].filter((oid) => commits.includes(oid)).sort();
      const expected = repository.text(["rev-list", ...wants, ...haves.map((have) => `^${have}`)]);
      expect(commitsSent).toEqual(expected.split("\n").filter(Boolean).sort());
    }
  });

  it("includes a tag only where what it names is sent", () => {
    const tag = packs.set.find(repository.text(["rev-parse", "v1-again"]));
    const clone = plan({ wants: [commits[0]!] });
    const before = clone.planned.sentCount;
    clone.planned.includeTag(tag);
    clone.planned.includeTag(tag);
    expect(clone.planned.sentCount).toBe(before + 2);
    const nothing = plan({ wants: [commits[0]!], haves: [commits[0]!] });
    nothing.planned.includeTag(tag);
    expect(nothing.planned.sentCount).toBe(0);
  });
});

describe("a filtered fetch", () => {
  it.each([
    ["blob:none", { blobLimitBytes: 0, treeDepth: null }],
    ["blob:limit=500", { blobLimitBytes: 500, treeDepth: null }],
    ["tree:0", { blobLimitBytes: null, treeDepth: 0 }],
    ["tree:1", { blobLimitBytes: null, treeDepth: 1 }],
    ["tree:3", { blobLimitBytes: null, treeDepth: 3 }],
  ])("%s sends what git would", (spec, filter) => {
    expect(plan({ wants: [commits[0]!], filter }).sent).toEqual(listObjects(`--filter=${spec}`, "main"));
  });

  it("sends what is wanted by id, whatever the filter says of it", () => {
    const blob = repository.text(["rev-parse", "main:empty"]);
    const tree = repository.text(["rev-parse", "main^{tree}"]);
    const filter = { blobLimitBytes: 0, treeDepth: 0 };
    expect(plan({ wants: [blob, tree], filter }).sent).toEqual(new Set([blob, tree]));
  });

  it("sends what is wanted by id, whatever commits the client has", () => {
    const blob = repository.text(["rev-parse", "main:empty"]);
    const filter = { blobLimitBytes: 0, treeDepth: null };
    expect(plan({ wants: [blob], haves: [commits[0]!], filter }).sent).toEqual(new Set([blob]));
    const tree = repository.text(["rev-parse", "main^{tree}"]);
    const noTrees = { blobLimitBytes: null, treeDepth: 0 };
    expect(plan({ wants: [tree], haves: [commits[0]!], filter: noTrees }).sent).toEqual(new Set([tree]));
  });

  it.each([0, 1, 2, 3])("tree:%i of a tree counts from what lies in it, as git does", (treeDepth) => {
    const tree = repository.text(["rev-parse", "main^{tree}"]);
    const { sent } = plan({ wants: [tree], filter: { blobLimitBytes: null, treeDepth } });
    expect(sent).toEqual(listObjects(`--filter=tree:${treeDepth}`, tree));
  });
});

describe("a shallow fetch", () => {
  const depth = (levels: number, isRelative = false): DeepenTo => ({
    kind: "depth",
    depth: levels,
    isRelative,
  });

  it.each([1, 2, 7])("of depth %i ends where git's clone ends", (levels) => {
    const clone = createRepository();
    clone.git(["fetch", "-q", "--depth", String(levels), `file://${repository.dir}`, "main"]);
    const { sent, shallow } = plan({ wants: [commits[0]!], deepen: depth(levels) });
    expect(shallow).toEqual(readFileSync(join(clone.dir, "shallow"), "utf8").trim().split("\n").sort());
    expect(sent).toEqual(new Set(clone.listObjects().keys()));
  });

  it("can be deepened, step by step, to the whole", () => {
    let edge = plan({ wants: [commits[0]!], deepen: depth(3) });
    let held = edge.sent;
    let clientShallow = edge.shallow;
    for (const deepen of [depth(5), depth(2, true), depth(0x7fffffff)]) {
      edge = plan({ wants: [commits[0]!], haves: [commits[0]!], clientShallow, deepen });
      held = new Set([...held, ...edge.sent]);
      clientShallow = clientShallow.filter((oid) => !edge.unshallow.includes(oid)).concat(edge.shallow);
    }
    expect(clientShallow).toEqual([]);
    expect(held).toEqual(listObjects("main"));
  });

  it("can be deepened relative to where it ends", () => {
    const { shallow } = plan({ wants: [commits[0]!], deepen: depth(2) });
    const deeper = plan({
      wants: [commits[0]!],
      haves: [commits[0]!],
      clientShallow: shallow,
      deepen: depth(3, true),
    });
    const absolute = plan({ wants: [commits[0]!], deepen: depth(5) });
    expect(deeper.shallow).toEqual(absolute.shallow);
  });

  it.each([1, 2, 3, 5, 8])("deepened on a merged history is as one of that depth, from depth %i", (start) => {
    let { shallow } = plan({ wants: [commits[0]!], deepen: depth(start) });
    for (let levels = start + 2; levels < start + 12; levels += 2) {
      const client = { wants: [commits[0]!], haves: [commits[0]!], clientShallow: shallow };
      const relative = plan({ ...client, deepen: depth(2, true) });
      const absolute = plan({ ...client, deepen: depth(levels) });
      expect(relative.shallow).toEqual(absolute.shallow);
      expect(relative.unshallow).toEqual(absolute.unshallow);
      shallow = shallow.filter((oid) => !relative.unshallow.includes(oid)).concat(relative.shallow);
    }
  });

  it("isn't deepened where its edge isn't behind what is wanted", () => {
    const { shallow } = plan({ wants: [commits[0]!], deepen: depth(2) });
    const other = { wants: [commits.at(-1)!], haves: [commits[0]!], clientShallow: shallow };
    const deeper = plan({ ...other, deepen: depth(3, true) });
    expect([deeper.shallow, deeper.unshallow]).toEqual([[], []]);
  });

  it("by date or by ref sends what is newer, and names no commit that it doesn't send", () => {
    const since = Number(repository.text(["show", "-s", "--format=%ct", commits[12]!]));
    for (const deepen of [
      { kind: "revisions", sinceSeconds: since, not: [] },
      { kind: "revisions", sinceSeconds: null, not: [packs.set.find(commits[20]!)] },
    ] as const) {
      const { sent, shallow } = plan({ wants: [commits[0]!], deepen });
      expect(shallow.length).toBeGreaterThan(0);
      expect(shallow.filter((oid) => !sent.has(oid))).toEqual([]);
      for (const oid of commits.filter((one) => sent.has(one) && !shallow.includes(one))) {
        const parents = repository.text(["show", "-s", "--format=%P", oid]).split(" ");
        expect(parents.filter((parent) => !sent.has(parent))).toEqual([]);
      }
    }
  });

  it("of nothing at all is refused", () => {
    const deepen = { kind: "revisions", sinceSeconds: 4_000_000_000, not: [] } as const;
    expect(() => plan({ wants: [commits[0]!], deepen })).toThrow("no commits selected");
  });

  it("takes no object for its edge but commits", () => {
    const tree = repository.text(["rev-parse", "main^{tree}"]);
    expect(() => plan({ wants: [commits[0]!], clientShallow: [tree] })).toThrow("invalid shallow object");
  });

  it("goes on from the client's edge without sending what is behind it", () => {
    const clientShallow = plan({ wants: [commits[10]!], deepen: depth(1) }).shallow;
    const { sent } = plan({ wants: [commits[9]!], haves: [commits[10]!], clientShallow });
    expect(sent.has(commits[11]!)).toBe(false);
    expect(sent.has(commits[9]!)).toBe(true);
  });
});

describe("a negotiation", () => {
  const ready = (wants: string[], common: string[]) =>
    reachesCommon(
      packs.set,
      wants.map((oid) => packs.set.find(oid)),
      common.map((oid) => packs.set.find(oid)),
    );

  it("may end once every want reaches something common", () => {
    const random = createRandom(5);
    for (let round = 0; round < 40; round++) {
      const pick = () => commits[Math.floor(random() * commits.length)]!;
      const [wants, common] = [[pick(), pick()], [pick()]];
      const reached = wants.every(
        (want) => repository.try(["merge-base", "--is-ancestor", common[0]!, want]).ok,
      );
      expect([wants, common, ready(wants, common)]).toEqual([wants, common, reached]);
    }
  });

  it("doesn't end while nothing is common, and doesn't wait for what isn't a commit", () => {
    expect(ready([commits[0]!], [])).toBe(false);
    expect(ready([repository.text(["rev-parse", "main^{tree}"])], [commits[0]!])).toBe(true);
    expect(ready([repository.text(["rev-parse", "v1-again"])], [commits[3]!])).toBe(true);
  });
});

describe("what refs reach", () => {
  it("is what git's walk finds", () => {
    const tip = packs.set.find(commits[25]!);
    const oidsOf = (marks: Uint8Array) =>
      new Set(
        [...marks.keys()].filter((number) => marks[number] === 1).map((number) => packs.set.oidAt(number)),
      );
    expect(oidsOf(markReachable(packs.set, [tip]))).toEqual(listObjects(commits[25]!));
    expect(oidsOf(markReachableCommits(packs.set, [tip]))).toEqual(
      new Set(repository.text(["rev-list", commits[25]!]).split("\n")),
    );
    expect(packs.set.oidAt(peel(packs.set, packs.set.find(repository.text(["rev-parse", "v1-again"]))))).toBe(
      commits[0],
    );
  });
});
