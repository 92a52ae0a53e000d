// Raw requests in protocol v0 and v1, answered by Plue and by stock git's own HTTP server. Invariant: what comes before the
// pack, or instead of it, is equal to the byte.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRepository } from "./forge-client.ts";
import { commitFiles, git, makeWorkTree, removeFolder } from "./git-client.ts";
import { type StockServer, startStockServer } from "./git-http-backend.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

let plue: RunningPlue;
let stock: StockServer;
let folder: string;
let urls: readonly string[];
/** The latest first. */
let commits: string[];

beforeAll(async () => {
  [plue, stock] = await Promise.all([startPlue(), startStockServer()]);
  folder = await makeWorkTree("raw", { a: "0\n" });
  for (let at = 1; at < 6; at++) await commitFiles(folder, { a: `${at}\n` }, `Change ${at}`);
  await git(folder, "tag", "-a", "v1", "-m", "one", "HEAD~3");
  commits = (await git(folder, "rev-list", "HEAD")).split("\n");
  const stockUrl = await stock.create("raw.git");
  const { remote } = await makeRepository(plue);
  for (const url of [stockUrl, remote]) await git(folder, "push", "--quiet", url, "main", "v1");
  urls = [stockUrl, remote.replace(/\/\/.*@/, "//")];
});

afterAll(async () => {
  stock?.stop();
  await plue?.stop();
  removeFolder(folder);
});

const packet = (text: string): string => (text.length + 4).toString(16).padStart(4, "0") + text;

/** A request's lines; `flush` stands for itself. */
const encode = (lines: readonly string[]): string =>
  lines.map((line) => (line === "flush" ? "0000" : packet(`${line}\n`))).join("");

/** An answer up to its pack: its bytes as text, or the pack's signature in their place. */
function cutPack(answer: Buffer): string {
  const text = answer.toString("latin1");
  // A band's number follows a length; no line begins with a control character.
  const band = [...text].findIndex((character) => character === "\u0001" || character === "\u0002");
  const at = band < 0 ? text.indexOf("PACK") : band - 4;
  return at < 0 ? text : `${text.slice(0, at)}<pack>`;
}

async function ask(url: string, version: 0 | 1, lines: readonly string[]): Promise<string> {
  const response = await fetch(`${url}/git-upload-pack`, {
    method: "POST",
    headers: {
      "content-type": "application/x-git-upload-pack-request",
      ...(version === 1 ? { "git-protocol": "version=1" } : {}),
    },
    body: encode(lines),
  });
  return cutPack(Buffer.from(await response.arrayBuffer()));
}

const UNKNOWN = "ef".repeat(20);
const PLAIN = "side-band-64k ofs-delta";
const DETAILED = `multi_ack_detailed no-done ${PLAIN}`;
const CASES: readonly (readonly [string, (at: readonly string[]) => readonly string[]])[] = [
  ["a clone", (at) => [`want ${at[0]} ${DETAILED}`, "flush", "done"]],
  ["a clone without bands", (at) => [`want ${at[0]} ofs-delta`, "flush", "done"]],
  ["nothing", () => ["flush"]],
  ["a shallow clone", (at) => [`want ${at[0]} ${DETAILED}`, "deepen 1", "flush", "done"]],
  ["the edge of a shallow clone alone", (at) => [`want ${at[0]} ${DETAILED}`, "deepen 2", "flush"]],
  [
    "a deeper clone",
    (at) => [`want ${at[0]} ${DETAILED}`, `shallow ${at[1]}`, "deepen 4", "flush", `have ${at[0]}`, "done"],
  ],
  [
    "all of a shallow clone's history",
    (at) => [
      `want ${at[0]} ${DETAILED}`,
      `shallow ${at[1]}`,
      "deepen 2147483647",
      "flush",
      `have ${at[0]}`,
      "done",
    ],
  ],
  ["what isn't there", () => [`want ${UNKNOWN} ${DETAILED}`, "flush", "done"]],
  ...(["", "multi_ack ", "multi_ack_detailed ", "multi_ack_detailed no-done "] as const).flatMap((kind) => {
    const want = (at: readonly string[]) => `want ${at[0]} ${kind}${PLAIN}`;
    return [
      [`a common commit (${kind})`, (at: readonly string[]) => [want(at), "flush", `have ${at[3]}`, "flush"]],
      [
        `none in common (${kind})`,
        (at: readonly string[]) => [want(at), "flush", `have ${UNKNOWN}`, "flush"],
      ],
      [
        `some in common (${kind})`,
        (at: readonly string[]) => [
          want(at),
          "flush",
          `have ${UNKNOWN}`,
          `have ${at[2]}`,
          `have ${at[3]}`,
          `have ${UNKNOWN}`,
          "flush",
        ],
      ],
      [
        `an end (${kind})`,
        (at: readonly string[]) => [want(at), "flush", `have ${UNKNOWN}`, `have ${at[2]}`, "done"],
      ],
    ] as const;
  }),
];

describe.each([0, 1] as const)("protocol v%i", (version) => {
  it.each(CASES)("answers %s as git does", async (_what, lines) => {
    const [expected, answered] = await Promise.all(urls.map((url) => ask(url, version, lines(commits))));
    expect(answered).toBe(expected);
  });

  it("advertises the same refs in the same lines", async () => {
    const list = async (url: string, service: string) => {
      const headers: Record<string, string> = version === 1 ? { "git-protocol": "version=1" } : {};
      const response = await fetch(`${url}/info/refs?service=${service}`, { headers });
      const text = await response.text();
      // What the servers can do differs; the lengths of the lines that say so with it.
      return text.replace(
        /[0-9a-f]{4}([0-9a-f]{40} [^\n]*)\n/,
        (_line, first: string) => first.split("\0")[0] ?? "",
      );
    };
    const [expected, answered] = await Promise.all(urls.map((url) => list(url, "git-upload-pack")));
    expect(answered).toBe(expected);
  });
});
