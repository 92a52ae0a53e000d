// Idents as git's own log shows them, old and damaged ones included.
import fc from "fast-check";
import { expect, it } from "vitest";
import { createRepository } from "../testing/real-git.ts";
import { parseIdent } from "./parse-ident.ts";

const TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const repository = createRepository();
repository.git(["hash-object", "-t", "tree", "-w", "--stdin"]);

/** What `git log` says of commits with these authors: name, email and seconds. */
function askGit(idents: readonly string[]): string[][] {
  const oids = idents.map((ident) => {
    const commit = `tree ${TREE}\nauthor ${ident}\ncommitter A <a@example.com> 1 +0000\n\nmessage\n`;
    return repository.text(["hash-object", "-t", "commit", "-w", "--stdin", "--literally"], commit);
  });
  const log = repository.text(["log", "--no-walk=unsorted", "--format=%an%x00%ae%x00%at", ...oids]);
  return log.split("\n").map((line) => line.split("\0"));
}

it.each([
  ["A U Thor <a@example.com> 1700000000 +0100", 1_700_000_000, 60],
  ["A U Thor <a@example.com> 1700000000 +051800", 1_700_000_000, 0],
  ["A U Thor <a@example.com> 1700000000 -0730", 1_700_000_000, -450],
  ["A U Thor <a@example.com> 1700000000 -07300", 1_700_000_000, 0],
  ["A U Thor <a@example.com> 1700000000", 1_700_000_000, 0],
  ["A U Thor <a@example.com> 1700000000-0730", 1_700_000_000, -450],
  ["A U Thor<a@example.com> 01700000000 +0100", 1_700_000_000, 60],
  ["A U Thor <a@example.com>1700000000 +0100", 1_700_000_000, 60],
  ["A U Thor <a@<example>.com> 1700000000 +0100", 1_700_000_000, 60],
  ["A U Thor <a@example.com> 253402300799 +0000", 253_402_300_799, 0],
  ["A U Thor <a@example.com> 253402300800 +0000", null, 0],
  ["A U Thor <a@example.com> 8640000000001 +0000", null, 0],
  ["A U Thor <a@example.com> -1 +0000", null, 0],
  ["A U Thor <a@example.com> Mon Jan 3 2005", null, 0],
  ["A U Thor <a@example.com>", null, 0],
  ["A U Thor", null, 0],
  ["", null, 0],
  ["A U Thor <a@example.com> 99999999999999999999999999 +0000", null, 0],
])("reads %s", (ident, timeSeconds, zoneMinutes) => {
  expect(parseIdent(ident)).toMatchObject({ timeSeconds, zoneMinutes });
});

it("reads names, emails and dates as git's log does", () => {
  const part = fc.constantFrom(
    "A",
    " ",
    "B C",
    "<",
    ">",
    "a@b",
    "1700000000",
    "+0100",
    "-1",
    "01",
    "x",
    "  ",
  );
  const parts = fc.array(part, { maxLength: 4 }).map((list) => list.join(""));
  const idents = fc.sample(
    fc.tuple(parts, parts, parts).map(([name, email, date]) => `${name}<${email}>${date}`),
    { seed: 4, numRuns: 200 },
  );
  const different = [...new Set(idents)];
  for (const [at, said] of askGit(different).entries()) {
    const ident = different[at] ?? "";
    const { name, email, timeSeconds } = parseIdent(ident);
    const [gitName = "", gitEmail, gitTime = ""] = said;
    expect([ident, name, email]).toEqual([ident, gitName.trim(), gitEmail]);
    // Without a zone git shows no date, though it sorts by it.
    if (gitTime !== "" && gitTime !== "0") expect([ident, timeSeconds]).toEqual([ident, Number(gitTime)]);
  }
});
