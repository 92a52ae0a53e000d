// Packs that go out are taken by real git, whichever stored entries they are made of.
import { beforeAll, describe, expect, it } from "vitest";
import { GitError } from "../object/git-error.ts";
import { objectTypeCode } from "../object/object-type.ts";
import { createRepository, type RealRepository } from "../testing/real-git.ts";
import { createRandom, writeHistory } from "../testing/seeded-history.ts";
import { openTestPacks, type TestPacks } from "../testing/test-packs.ts";
import { planFetch } from "./plan-fetch.ts";
import { HELD, SENT } from "./plan-fetch-commits.ts";
import { writePack } from "./write-pack.ts";

let repository: RealRepository;
let commits: string[];
let one: TestPacks;
let several: TestPacks;

beforeAll(async () => {
  repository = createRepository();
  writeHistory(repository, 21, 50);
  commits = repository.text(["rev-list", "main"]).split("\n");
  one = await openTestPacks([repository.pack(["main", "v1", "v1-again"])]);
  several = await openTestPacks([
    repository.pack(["main", "v1-again", `^${commits[8]}`], ["--thin"]),
    repository.pack([commits[8]!, `^${commits[20]}`], ["--thin"]),
    repository.pack([commits[10]!], ["--no-delta-base-offset"]),
    repository.pack([commits[20]!]),
  ]);
});

interface Options {
  thinPack?: boolean;
  ofsDelta?: boolean;
}

async function write(
  packs: TestPacks,
  marks: Uint8Array,
  { thinPack = false, ofsDelta = true }: Options = {},
) {
  const parts: Uint8Array[] = [];
  let rereads = 0;
  await writePack(
    {
      ...{ set: packs.set, sources: packs.sources, marks, thinPack, ofsDelta },
      sentCount: marks.filter((mark) => (mark & SENT) !== 0).length,
      readObject: async (number) => {
        rereads++;
        const { type, bytes } = await packs.readObject(number);
        return { typeCode: objectTypeCode(type), bytes };
      },
    },
    { write: async (bytes) => void parts.push(bytes.slice()) },
  );
  return { pack: Buffer.concat(parts), rereads };
}

const numbersOf = (packs: TestPacks, oids: readonly string[]) => oids.map((oid) => packs.set.find(oid));

function plan(packs: TestPacks, wants: readonly string[], haves: readonly string[] = []) {
  const numbers = { wants: numbersOf(packs, wants), haves: numbersOf(packs, haves) };
  return planFetch(packs.set, { ...numbers, clientShallow: [], deepen: null, filter: null });
}

/** Has git take a pack, and checks that it holds exactly what is marked, unchanged. */
function expectTaken(packs: TestPacks, pack: Buffer, marks: Uint8Array): void {
  const client = createRepository();
  client.git(["unpack-objects", "-q"], pack);
  expectObjects(packs, client, marks);
}

function expectObjects(packs: TestPacks, client: RealRepository, marks: Uint8Array): void {
  const expected = new Map<string, { type: string; sizeBytes: number }>();
  const all = repository.listObjects();
  for (const [number, mark] of marks.entries()) {
    if ((mark & SENT) === 0) continue;
    const oid = packs.set.oidAt(number);
    expected.set(oid, all.get(oid)!);
  }
  expect(client.listObjects()).toEqual(expected);
}

describe("a pack of everything", () => {
  it("is the stored pack itself where there is one", async () => {
    const { pack, rereads } = await write(one, plan(one, [tip(), tag()]).marks);
    expect(pack.equals(one.sources[0]!.bytes)).toBe(true);
    expect(rereads).toBe(0);
  });

  it("is put together from several without reading an object or sending one twice", async () => {
    const { marks } = plan(several, [tip(), tag()]);
    const { pack, rereads } = await write(several, marks);
    expect(rereads).toBe(0);
    expectTaken(several, pack, marks);
    createRepository().indexPack(pack, ["--strict"]);
  });

  it("names bases by their ids for a client that doesn't know distances", async () => {
    for (const packs of [one, several]) {
      const { marks } = plan(packs, [tip(), tag()]);
      const { pack } = await write(packs, marks, { ofsDelta: false });
      expectTaken(packs, pack, marks);
      expect(countOffsetDeltas(pack, await entriesOf(pack))).toBe(0);
    }
  });
});

const tip = () => commits[0]!;
const tag = () => repository.text(["rev-parse", "v1-again"]);

async function entriesOf(pack: Buffer): Promise<number[]> {
  const { set } = await openTestPacks([pack]);
  const { index } = set.members[0]!;
  return Array.from(index.positionsByOffset(), (position) => index.offsetAt(position));
}

const countOffsetDeltas = (pack: Buffer, offsets: number[]) =>
  offsets.filter((offset) => ((pack[offset]! >> 4) & 7) === 6).length;

describe("a pack of what is new", () => {
  it("is complete in itself, or thin against what the client has", async () => {
    const random = createRandom(3);
    let thinBytes = 0;
    let wholeBytes = 0;
    for (let round = 0; round < 6; round++) {
      const pick = () => commits[Math.floor(random() * commits.length)]!;
      const [want, have] = [pick(), pick()];
      for (const packs of [one, several]) {
        const { marks } = plan(packs, [want], [have]);
        const whole = await write(packs, marks);
        expectTaken(packs, whole.pack, marks);
        const thin = await write(packs, marks, { thinPack: true });
        const client = createRepository();
        client.git(["fetch", "-q", repository.dir, have]);
        client.git(["index-pack", "--strict", "--fix-thin", "--stdin"], thin.pack);
        expect(client.try(["rev-list", "--objects", "--quiet", want]).stderr).toBe("");
        thinBytes += thin.pack.length;
        wholeBytes += whole.pack.length;
      }
    }
    expect(thinBytes).toBeLessThan(wholeBytes);
  });

  it("may be any selection of objects", async () => {
    const random = createRandom(9);
    for (const packs of [one, several]) {
      for (const share of [0.02, 0.5, 0.97]) {
        const marks = new Uint8Array(packs.set.size);
        for (let number = 0; number < marks.length; number++) {
          // Only an object's own number is ever marked, not that of a further copy.
          if (packs.set.find(packs.set.oidAt(number)) !== number) continue;
          marks[number] = random() < share ? SENT : HELD;
        }
        const { pack } = await write(packs, marks);
        expectTaken(packs, pack, marks);
      }
    }
  });

  it("may be empty", async () => {
    const { pack } = await write(several, new Uint8Array(several.set.size));
    expect(pack.toString("hex")).toBe("5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e");
  });
});

describe("whatever ends it", () => {
  it("leaves no stretch of a pack open", async () => {
    const { marks, sentCount } = plan(several, [tip(), tag()]);
    let left = 3;
    const writing = writePack(
      {
        ...{ set: several.set, sources: several.sources, marks, sentCount, thinPack: false, ofsDelta: true },
        readObject: () => Promise.reject(new GitError("bad_pack", "not needed")),
      },
      { write: () => (left-- > 0 ? Promise.resolve() : Promise.reject(new Error("the client went away"))) },
    );
    await expect(writing).rejects.toThrow("the client went away");
    expect(several.sources.map(({ openCount }) => openCount)).toEqual([0, 0, 0, 0]);
  });

  it("reads entries that lie near each other in one stretch", async () => {
    const before = several.sources.map(({ streamCount }) => streamCount);
    await write(several, plan(several, [tip(), tag()]).marks);
    const opened = several.sources.map(({ streamCount }, member) => streamCount - before[member]!);
    expect(Math.max(...opened)).toBe(1);
  });
});
