// The limits of what one request may ask, through HTTP: at the limit it is answered, one past it is refused in the
// protocol. The parsers' own tests count lines; these see that the limits are in force.
import { beforeAll, describe, expect, it } from "vitest";
import { COMMAND_LINE_LIMIT, FETCH_REQUEST_LIMIT_BYTES, REF_UPDATE_LIMIT } from "../limits.ts";
import { command, openTestRepository, post, push, type TestRepository } from "../testing/git-fixtures.ts";
import { encodePush, made, makeCommit, makePack, readAnswer } from "../testing/git-requests.ts";
import { PacketBuffer } from "../wire/pkt-line.ts";

const first = makeCommit({ a: "1\n" });
const unknown = "ef".repeat(20);

let repository: TestRepository;
beforeAll(async () => {
  repository = await openTestRepository();
  await push(repository, [made("refs/heads/main", first.oid)], makePack(first.objects));
});

/** Sends a body as git sends a large one: compressed. */
async function postCompressed(
  service: "git-upload-pack" | "git-receive-pack",
  body: Uint8Array<ArrayBuffer>,
) {
  const compressed = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
  const headers = { "git-protocol": "version=2", "content-encoding": "gzip" };
  const response = await post(repository, service, await new Response(compressed).arrayBuffer(), headers);
  return readAnswer(new Uint8Array(await response.arrayBuffer()));
}

/** A fetch that wants `main` and has these. */
function encodeFetch(write: (out: PacketBuffer) => void): Uint8Array<ArrayBuffer> {
  const out = new PacketBuffer(1024 * 1024);
  out.line("command=fetch");
  out.delim();
  out.line(`want ${first.oid}`);
  write(out);
  out.flush();
  return out.take();
}

describe("the limit of", () => {
  it("a fetch is of bytes, not of haves", async () => {
    const body = encodeFetch((out) => {
      for (let at = 1; at < 200_000; at++) out.line(`have ${unknown}`);
      out.line(`have ${first.oid}`);
    });
    const { lines } = await postCompressed("git-upload-pack", body);
    expect(lines.slice(0, 3)).toEqual(["acknowledgments", `ACK ${first.oid}`, "ready"]);
  });

  it("all lines of a fetch, inflated", async () => {
    const longest = 65_000;
    const fill = (sizeBytes: number) =>
      encodeFetch((out) => {
        const last = "bogus";
        const room = () => sizeBytes - out.sizeBytes - (last.length + 5);
        while (room() > 0) {
          const length = room() < 2 * longest ? Math.ceil(room() / 2) : longest;
          out.line("want-ref ".padEnd((room() < 100 ? room() : length) - 5, "x"));
        }
        out.line(last);
      });
    const atLimit = await postCompressed("git-upload-pack", fill(FETCH_REQUEST_LIMIT_BYTES));
    expect(atLimit.lines).toEqual(["ERR fetch: unexpected line: 'bogus'"]);
    const past = await postCompressed("git-upload-pack", fill(FETCH_REQUEST_LIMIT_BYTES + 1));
    expect(past.lines).toEqual([`ERR the request has more than ${FETCH_REQUEST_LIMIT_BYTES} bytes of lines`]);
  });

  it("ls-refs is of bytes, not of prefixes", async () => {
    const prefixes = Array.from({ length: 30_000 }, (_, at) => `ref-prefix refs/heads/${at}`);
    const { lines } = await command(repository, "ls-refs", prefixes);
    expect(lines).toEqual([`${first.oid} HEAD`, `${first.oid} refs/heads/main`, "flush"]);
  });

  it("a command's capabilities", async () => {
    const list = (count: number) => {
      const out = new PacketBuffer();
      out.line("command=ls-refs");
      for (let at = 2; at < count; at++) out.line("server-option=x");
      out.flush();
      return postCompressed("git-upload-pack", out.take());
    };
    expect((await list(COMMAND_LINE_LIMIT)).lines.at(-1)).toBe("flush");
    expect((await list(COMMAND_LINE_LIMIT + 1)).lines[0]).toContain("ERR protocol error: unexpected line");
  });

  it("refs that one push moves", async () => {
    const updates = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ ...made(`refs/plue/${at}`, first.oid) }));
    const atLimit = await postCompressed(
      "git-receive-pack",
      encodePush(updates(REF_UPDATE_LIMIT), makePack([])),
    );
    const refusals = readAnswer(atLimit.data).lines.filter((line) => line.startsWith("ng refs/plue/"));
    expect(refusals).toHaveLength(REF_UPDATE_LIMIT);
    const past = await postCompressed("git-receive-pack", encodePush(updates(REF_UPDATE_LIMIT + 1), null));
    expect(past.fatal).toBe(`a push may move at most ${REF_UPDATE_LIMIT} refs; push them in parts\n`);
  });
});
