// Pages at and past their limits, and the links between them.
import { describe, expect, it } from "vitest";
import { PAGE_ENTRIES_DEFAULT, PAGE_ENTRIES_MAX } from "./limits.ts";
import { formatLinks, readPage } from "./paging.ts";

describe("readPage", () => {
  it("takes at most the limit of entries", () => {
    expect(readPage({ per_page: String(PAGE_ENTRIES_MAX) }).limit).toBe(PAGE_ENTRIES_MAX);
    expect(readPage({ per_page: String(PAGE_ENTRIES_MAX + 1) }).limit).toBe(PAGE_ENTRIES_MAX);
  });
  it.each(["0", "-1", "x", "1e3", "", undefined])("gives the default for %j", (text) => {
    expect(readPage({ page: text, per_page: text })).toEqual({
      page: 1,
      limit: PAGE_ENTRIES_DEFAULT,
      offset: 0,
    });
  });
  it("counts pages from one", () => {
    expect(readPage({ page: "3", per_page: "10" }).offset).toBe(20);
  });
});

describe("formatLinks", () => {
  const links = (page: number, total: number) =>
    formatLinks(
      `http://inner/api/x?per_page=10&page=${page}&q=a`,
      "https://plue.test",
      readPage({ page: `${page}`, per_page: "10" }),
      total,
    );
  it("has nothing to link when all fits on one page", () => {
    expect(links(1, 10)).toBeUndefined();
  });
  it("links next and last from the first, prev and first from the last, on the public origin", () => {
    expect(links(1, 11)).toBe(
      '<https://plue.test/api/x?per_page=10&page=2&q=a>; rel="next", <https://plue.test/api/x?per_page=10&page=2&q=a>; rel="last"',
    );
    expect(links(2, 11)).toContain('page=1&q=a>; rel="prev"');
    expect(links(2, 11)).not.toContain("next");
  });
});
