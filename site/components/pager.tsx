// Links to the neighbouring pages of a list.
import type { Paging } from "./views.ts";

export function Pager({ paging }: { paging: Paging }) {
  if (paging.previousHref === null && paging.nextHref === null) return null;
  return (
    <nav aria-label="Pages" class="row pager">
      {paging.previousHref === null ? null : (
        <a href={paging.previousHref} rel="prev">
          ← previous
        </a>
      )}
      {paging.nextHref === null ? null : (
        <a href={paging.nextHref} rel="next">
          next →
        </a>
      )}
    </nav>
  );
}
