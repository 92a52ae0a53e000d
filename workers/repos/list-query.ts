// How GitHub's lists of repositories are asked for: what they are ordered by, and which of them are wanted.
import { z } from "@hono/zod-openapi";
import { ForgeError } from "../core/errors.ts";
import { pageQuery } from "../core/openapi.ts";
import type { Affiliation, Order } from "./service.ts";

const AFFILIATIONS = ["owner", "collaborator", "organization_member"] as const;

export const orderQuery = pageQuery.extend({
  sort: z.enum(["created", "updated", "pushed", "full_name"]).optional(),
  direction: z
    .enum(["asc", "desc"])
    .optional()
    .openapi({ description: "Ascending by name and descending by a time, unless it is said" }),
});

/** The order that is asked for; `by` where none is. */
export function readOrder(
  query: Pick<z.infer<typeof orderQuery>, "sort" | "direction">,
  by: Order["by"],
): Order {
  const sort = query.sort ?? by;
  return { by: sort, direction: query.direction ?? (sort === "full_name" ? "asc" : "desc") };
}

const time = z.iso.datetime({ offset: true });

export const ownRepositoriesQuery = orderQuery.extend({
  visibility: z.enum(["all", "public", "private"]).optional(),
  affiliation: z
    .string()
    .refine((text) => text.split(",").every(isAffiliation), `Name some of ${AFFILIATIONS.join(", ")}.`)
    .optional()
    .openapi({ description: `Some of ${AFFILIATIONS.join(", ")}, between commas; all unless it is said` }),
  type: z.enum(["all", "owner", "public", "private", "member"]).optional(),
  since: time.optional(),
  before: time.optional(),
});

const isAffiliation = (word: string): word is Affiliation =>
  AFFILIATIONS.some((known) => known === word.trim());

interface Wanted {
  by: readonly Affiliation[];
  visibility: "public" | "private" | undefined;
  updatedAfter: Date | undefined;
  updatedBefore: Date | undefined;
}

/** Which of one's own repositories are asked for. @throws ForgeError `invalid` for `type` beside what it stands for */
export function readOwnRepositories(query: z.infer<typeof ownRepositoriesQuery>): Wanted {
  const { type = "all", visibility = "all", affiliation } = query;
  if (query.type !== undefined && (query.visibility ?? affiliation) !== undefined) {
    const message = "`type` can't be used with `visibility` or `affiliation`.";
    const fields = [{ resource: "query", field: "type", code: "invalid" as const, message }];
    throw new ForgeError("invalid", message, { fields });
  }
  const named = affiliation?.split(",").map((word) => word.trim());
  const [updatedAfter, updatedBefore] = [query.since, query.before].map((text) =>
    text === undefined ? undefined : new Date(text),
  );
  const seen = type === "public" || type === "private" ? type : visibility;
  return {
    by: named === undefined ? affiliationsOf(type) : named.filter(isAffiliation),
    visibility: seen === "all" ? undefined : seen,
    ...{ updatedAfter, updatedBefore },
  };
}

function affiliationsOf(type: string): readonly Affiliation[] {
  if (type === "owner") return ["owner"];
  return type === "member" ? ["collaborator", "organization_member"] : AFFILIATIONS;
}
