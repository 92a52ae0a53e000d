// Negotiation in v0 and v1: answered line for line as `git upload-pack --stateless-rpc` answers.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GitError } from "../object/git-error.ts";
import type { Packet } from "./pkt-line.ts";
import {
  answerNegotiation,
  parseUploadRequest,
  testSparingly,
  type UploadRequest,
} from "./upload-request.ts";

const oid = (digit: string) => digit.repeat(40);
const [A, B, X] = [oid("a"), oid("b"), oid("1")];
const COMMON = new Set([A, B]);

async function parse(...lines: string[]): Promise<UploadRequest | null> {
  const packets = lines.map((line): Packet => (line === "flush" ? "flush" : Buffer.from(`${line}\n`)));
  return parseUploadRequest(async () => packets.shift() ?? null);
}

async function answer(capabilities: string, isReady: boolean, ...steps: string[]) {
  const upload = await parse(`want ${oid("c")} ${capabilities}`, "flush", ...steps);
  if (upload === null) throw new Error("nothing was wanted");
  return answerNegotiation(
    upload,
    (one) => COMMON.has(one),
    () => isReady,
  );
}

describe("any lines", () => {
  it("are a request with an answer, or a GitError", async () => {
    const line = fc.oneof(
      fc.string({ unit: "grapheme-ascii", maxLength: 60 }),
      fc.constantFrom(
        "flush",
        "done",
        "deepen 3",
        "deepen 0",
        "deepen-since 7",
        "deepen-not v1",
        "filter tree:1",
      ),
      fc
        .tuple(
          fc.constantFrom("want", "have", "shallow"),
          fc.constantFrom(A, B, X, "a", ""),
          fc.constantFrom("", " multi_ack", " multi_ack_detailed no-done", " object-format=sha256"),
        )
        .map(([word, id, more]) => `${word} ${id}${more}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), fc.boolean(), async (lines, isReady) => {
        try {
          const upload = await parse(...lines);
          if (upload === null) return;
          const { lines: said, sendPack } = answerNegotiation(
            upload,
            (one) => COMMON.has(one),
            () => isReady,
          );
          for (const one of said) expect(one).toMatch(/^(NAK|ACK [0-9a-f]{40}( common| continue| ready)?)$/);
          expect(sendPack && !upload.fetch.isDone && !upload.noDone).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(GitError);
        }
      }),
      { seed: 10, numRuns: 1000 },
    );
  });
});

describe("a request", () => {
  it("is wants with capabilities, the edge and haves", async () => {
    const upload = await parse(
      `want ${A} multi_ack_detailed no-done side-band-64k thin-pack ofs-delta include-tag deepen-relative agent=x`,
      `want ${B}`,
      `shallow ${X}`,
      "deepen 2",
      "filter tree:1",
      "flush",
      `have ${B}`,
      "flush",
      `have ${A}`,
      "done",
    );
    expect(upload).toMatchObject({ ackKind: "detailed", noDone: true });
    expect(upload?.steps).toEqual([{ have: B }, "flush", { have: A }, "done"]);
    expect(upload?.fetch).toMatchObject({
      wants: [A, B],
      haves: [B, A],
      shallows: [X],
      deepen: { kind: "depth", depth: 2, isRelative: true },
      filter: { blobLimitBytes: null, treeDepth: 1 },
      isDone: true,
      thinPack: true,
      ofsDelta: true,
      includeTag: true,
      sideband: "64k",
    });
  });

  it("speaks without bands when the client knows none, and in short ones where it knows only those", async () => {
    expect((await parse(`want ${A}`, "flush", "done"))?.fetch.sideband).toBe("none");
    expect((await parse(`want ${A} side-band`, "flush", "done"))?.fetch.sideband).toBe("1k");
  });

  it("that wants nothing is no request", async () => {
    expect(await parse("flush")).toBeNull();
    expect(await parse()).toBeNull();
  });

  it("with a line that isn't known is refused", async () => {
    await expect(parse(`want ${A}`, "wont")).rejects.toThrow("unexpected 'wont'");
    await expect(parse(`want ${A}`, "flush", "want more")).rejects.toThrow("expected an object id");
    await expect(parse(`want ${A.slice(1)}`, "flush")).rejects.toThrow("expected an object id");
  });
});

describe("the test whether a negotiation may end", () => {
  const countTests = (haveCount: number) => {
    let tests = 0;
    const isReady = testSparingly(() => {
      tests++;
      return false;
    });
    const common: string[] = [];
    for (let at = 0; at < haveCount; at++) {
      common.push(A);
      for (let times = 0; times < 2; times++) isReady(common);
    }
    return tests;
  };

  it("is made for each further common object of an ordinary negotiation", () => {
    expect(countTests(50)).toBe(50);
  });

  it("is made seldom where very many objects are common", () => {
    expect(countTests(60_000)).toBeLessThan(80);
  });
});

describe("the answer to haves", () => {
  it("of a clone is NAK and the pack", async () => {
    expect(await answer("multi_ack_detailed", false, "done")).toEqual({ lines: ["NAK"], sendPack: true });
  });

  it("names what is common, and ends each group with NAK", async () => {
    expect(await answer("multi_ack_detailed", false, `have ${X}`, `have ${A}`, "flush")).toEqual({
      lines: [`ACK ${A} common`, "NAK"],
      sendPack: false,
    });
  });

  it("says when it is ready, and sends the pack then if the client needn't say done", async () => {
    const lines = [`ACK ${A} common`, `ACK ${A} ready`, "NAK"];
    expect(await answer("multi_ack_detailed", true, `have ${A}`, "flush")).toEqual({
      lines,
      sendPack: false,
    });
    expect(await answer("multi_ack_detailed no-done", true, `have ${A}`, "flush")).toEqual({
      lines: [...lines, `ACK ${A}`],
      sendPack: true,
    });
  });

  it("is ready for what isn't common too, once something is", async () => {
    expect((await answer("multi_ack_detailed", true, `have ${A}`, `have ${X}`, "done")).lines).toEqual([
      `ACK ${A} common`,
      `ACK ${X} ready`,
      `ACK ${A}`,
    ]);
  });

  it("ends with the last common id after done", async () => {
    expect((await answer("multi_ack", false, `have ${A}`, `have ${B}`, "done")).lines).toEqual([
      `ACK ${A} continue`,
      `ACK ${B} continue`,
      `ACK ${B}`,
    ]);
  });

  it("is one ACK for a client that knows no more", async () => {
    expect(await answer("", false, `have ${X}`, `have ${A}`, `have ${B}`, "flush", "done")).toEqual({
      lines: [`ACK ${A}`],
      sendPack: true,
    });
    expect(await answer("", false, `have ${X}`, "flush")).toEqual({ lines: ["NAK"], sendPack: false });
  });
});
