// A server's answer to a fetch, however it is cut, and whatever it is made of.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FetchPiece, readFetchAnswer } from "./fetch-answer.ts";

const packet = (text: string | Buffer): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, "0")), bytes]);
};
const band = (number: number, text: string): Buffer =>
  packet(Buffer.concat([Buffer.from([number]), Buffer.from(text)]));
const DELIMITER = Buffer.from("0001");
const FLUSH = Buffer.from("0000");
const OID = "a".repeat(40);

async function read(bytes: Buffer, size = bytes.length): Promise<FetchPiece[]> {
  async function* cut() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const pieces: FetchPiece[] = [];
  for await (const piece of readFetchAnswer(cut())) pieces.push(piece);
  return pieces;
}

const answer = Buffer.concat([
  packet("shallow-info\n"),
  packet(`shallow ${OID}\n`),
  DELIMITER,
  packet("packfile\n"),
  band(2, "Counting\n"),
  band(1, "PACK"),
  band(1, "rest"),
  FLUSH,
]);

describe("readFetchAnswer", () => {
  it.each([1, 3, 7, 1_000])(
    "gives the shallow commits and the pack in order, in chunks of %i",
    async (size) => {
      const pieces = await read(answer, size);
      expect(pieces[0]).toEqual({ kind: "shallow", oid: OID });
      expect(pieces[1]).toEqual({ kind: "progress", text: "Counting\n" });
      const pack = pieces.flatMap((piece) => (piece.kind === "pack" ? [piece.bytes.toString()] : []));
      expect(pack.join("")).toBe("PACKrest");
    },
  );

  it.each<[string, Buffer, RegExp]>([
    ["the server's refusal", packet("ERR upload-pack: not our ref\n"), /not our ref/],
    ["the server's failure", Buffer.concat([packet("packfile\n"), band(3, "disk full")]), /disk full/],
    ["an unknown band", Buffer.concat([packet("packfile\n"), band(9, "x")]), /unknown side band/],
    ["no pack", Buffer.concat([packet("packfile\n"), FLUSH]), /no pack/],
    ["an end within a line", answer.subarray(0, -6), /ended/],
    ["an end between lines", answer.subarray(0, -4), /ended too early/],
    ["what isn't a pkt-line", Buffer.from("HTTP/1.1 200 OK"), /pkt-lines/],
    ["a line that is too long", Buffer.from("fff1"), /pkt-lines/],
    ["nothing", Buffer.alloc(0), /ended too early/],
  ])("says so of %s", async (_, bytes, problem) => {
    await expect(read(bytes)).rejects.toThrow(problem);
  });

  it("answers or refuses whatever comes", async () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => packet(Buffer.from(bytes))),
      fc.constantFrom(DELIMITER, FLUSH, packet("packfile\n"), packet("shallow-info\n")),
      fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part), fc.integer({ min: 1, max: 9 }), async (parts, size) => {
        try {
          await read(Buffer.concat(parts), size);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect(error).not.toBeInstanceOf(TypeError);
          expect(error).not.toBeInstanceOf(RangeError);
        }
      }),
      { seed: 20261121, numRuns: 1_000 },
    );
  });
});
