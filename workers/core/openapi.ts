// Parts that the descriptions of many routes share.
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";
import { formatLinks, type PageRequest, readPage } from "./paging.ts";

/** The two parameters of every list. */
export const pageQuery = z.object({ page: z.string().optional(), per_page: z.string().optional() });

/** A body of JSON. */
export const json = <Schema extends z.ZodType>(schema: Schema) => ({
  content: { "application/json": { schema } },
});

/**
 * For an optional field of a body, as `z.string().nullish().transform(unsaid)`: null says no more than leaving it out.
 */
export const unsaid = <Value>(value: Value | null | undefined): Value | undefined => value ?? undefined;

/** An id as it stands in an address. */
export const idParam = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);

/** The page that a request asks for. */
export const pageOf = (context: Context<AppEnv>): PageRequest => readPage(context.req.query());

/** The entries of the page that is asked for, of a list that is small enough to be read whole; and its links. */
export function takePage<Entry>(context: Context<AppEnv>, entries: readonly Entry[]): Entry[] {
  const page = pageOf(context);
  addLinks(context, page, entries.length);
  return entries.slice(page.offset, page.offset + page.limit);
}

/** Links to the other pages of a list with `total` entries. */
export function addLinks(context: Context<AppEnv>, page: PageRequest, total: number): void {
  const links = formatLinks(context.req.url, context.get("env").publicUrl, page, total);
  if (links !== undefined) context.header("Link", links);
}
