// Pages of lists: `page` and `per_page` in, offset and limit out, and GitHub's `Link` header.
import { PAGE_ENTRIES_DEFAULT, PAGE_ENTRIES_MAX } from "./limits.ts";

export interface PageRequest {
  /** 1-based. */
  page: number;
  limit: number;
  offset: number;
}

/** Reads `page` and `per_page`; what is missing or not a positive number gets the default, as GitHub does. */
export function readPage(query: Record<string, string | undefined>): PageRequest {
  const page = Math.min(readPositive(query.page, 1), 1_000_000);
  const limit = Math.min(readPositive(query.per_page, PAGE_ENTRIES_DEFAULT), PAGE_ENTRIES_MAX);
  return { page, limit, offset: (page - 1) * limit };
}

/** The `Link` header of a page of a list with `total` entries, or undefined when there is but one page. */
export function formatLinks(
  requestUrl: string,
  publicUrl: string,
  request: PageRequest,
  total: number,
): string | undefined {
  const last = Math.max(1, Math.ceil(total / request.limit));
  const links: string[] = [];
  const add = (page: number, rel: string) => {
    const { pathname, searchParams } = new URL(requestUrl);
    searchParams.set("page", String(page));
    links.push(`<${publicUrl}${pathname}?${searchParams}>; rel="${rel}"`);
  };
  if (request.page > 1) add(request.page - 1, "prev");
  if (request.page < last) add(request.page + 1, "next");
  if (request.page < last) add(last, "last");
  if (request.page > 1) add(1, "first");
  return links.length > 0 ? links.join(", ") : undefined;
}

function readPositive(text: string | undefined, otherwise: number): number {
  return text !== undefined && /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : otherwise;
}
