// Links to the pages before and after one of a list.
import type { Context } from "hono";
import type { AppEnv } from "../workers/core/app-env.ts";
import type { PageRequest } from "../workers/core/paging.ts";
import type { Paging } from "./components/views.ts";

export function describePaging(context: Context<AppEnv>, page: PageRequest, total: number): Paging {
  const hrefOf = (number: number) => {
    const { pathname, searchParams } = new URL(context.req.url);
    searchParams.set("page", String(number));
    return `${pathname}?${searchParams}`;
  };
  return {
    previousHref: page.page > 1 ? hrefOf(page.page - 1) : null,
    nextHref: page.offset + page.limit < total ? hrefOf(page.page + 1) : null,
  };
}
