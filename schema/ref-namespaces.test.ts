// Which refs may be pushed, and which lists of them a repository may have.
import { describe, expect, it } from "vitest";
import {
  DEFAULT_REF_NAMESPACES,
  findNamespaceRefusal,
  findNamespacesProblem,
  REF_NAMESPACE_CHARACTERS_MAX,
  REF_NAMESPACES_MAX,
  readNamespaces,
} from "./ref-namespaces.ts";

describe("a ref", () => {
  const mirror = [...DEFAULT_REF_NAMESPACES, "*"];
  it.each([
    ["refs/heads/main", DEFAULT_REF_NAMESPACES, null],
    ["refs/tags/v1", DEFAULT_REF_NAMESPACES, null],
    ["refs/notes/commits", DEFAULT_REF_NAMESPACES, null],
    ["refs/pull/1/head", DEFAULT_REF_NAMESPACES, "takes only refs/heads, refs/tags, refs/notes"],
    ["refs/headsx/main", DEFAULT_REF_NAMESPACES, "takes only"],
    ["refs/stash", DEFAULT_REF_NAMESPACES, "takes only"],
    ["refs/stash", mirror, null],
    ["refs/tags/v1", ["heads"], "takes only refs/heads;"],
    ["refs/pull/1/head", [...DEFAULT_REF_NAMESPACES, "pull"], null],
    ["refs/pull/1/head", mirror, null],
    ["refs/for/main", DEFAULT_REF_NAMESPACES, "refs/for is for reviews in Gerrit"],
    ["refs/for/main", mirror, "refs/for"],
    ["refs/for/main", ["heads", "for"], "refs/for"],
    ["refs/changes/01/1/1", DEFAULT_REF_NAMESPACES, "refs/changes holds changes"],
    ["refs/changes/01/1/1", mirror, "refs/changes"],
    ["refs/changes/01/1/1", [...mirror, "changes"], null],
    ["refs/plue/kept/1", mirror, "belongs to this site"],
    ["refs/plue/kept/1", ["heads", "plue"], "belongs to this site"],
  ])("%s with %j", (name, open, refusal) => {
    if (refusal === null) expect(findNamespaceRefusal(name, open)).toBeNull();
    else expect(findNamespaceRefusal(name, open)).toContain(refusal);
  });
});

describe("a list", () => {
  const many = (count: number) => ["heads", ...Array.from({ length: count - 1 }, (_, at) => `n${at}`)];
  const long = (length: number) => ["heads", "n".repeat(length)];
  it.each([
    [[...DEFAULT_REF_NAMESPACES], undefined],
    [["heads", "*", "changes"], undefined],
    [["tags"], "Branches"],
    [[], "Branches"],
    [["heads", "for"], "refs/for can't be opened"],
    [["heads", "plue"], "refs/plue can't be opened"],
    [["heads", "a/b"], "one word"],
    [["heads", ".."], "one word"],
    [["heads", ""], "one word"],
    [["heads", "-x"], "one word"],
    [many(REF_NAMESPACES_MAX), undefined],
    [many(REF_NAMESPACES_MAX + 1), "At most"],
    [long(REF_NAMESPACE_CHARACTERS_MAX), undefined],
    [long(REF_NAMESPACE_CHARACTERS_MAX + 1), "one word"],
  ])("%j", (list, problem) => {
    if (problem === undefined) expect(findNamespacesProblem(list)).toBeUndefined();
    else expect(findNamespacesProblem(list)).toContain(problem);
  });

  it("is read as it is written in git's refspecs, or by the words alone", () => {
    expect(readNamespaces("heads, refs/tags refs/pull/* refs/meta/ * heads")).toEqual([
      ...["heads", "tags", "pull", "meta", "*"],
    ]);
    expect(readNamespaces(" \n ")).toEqual([]);
  });
});
