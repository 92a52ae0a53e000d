// Why somebody may not do something that they may know of, and what they can do about it. Pure.
import type { RepositoryRole } from "../../schema/roles.ts";
import type { TokenScope } from "../core/actor.ts";

/** As `judge` finds it: the first of its reasons. */
export type Refusal =
  | { why: "archived" }
  /** A role in the repository that is missing; `has`: the one that is there. */
  | { why: "role"; needs: RepositoryRole; has: RepositoryRole | null }
  /** What the person may do, but not with this token. */
  | { why: "scope"; scope: TokenScope }
  /** A token of some repositories only, asked for more. */
  | { why: "limited-token" }
  | { why: "run" }
  | { why: "deploy-key" }
  | { why: "read-only-key" }
  | { why: "owners" | "members" | "maintainers" | "site-admins" };

/** A sentence or two for the person: what is missing, and the way out. */
export function describeRefusal(refusal: Refusal): string {
  switch (refusal.why) {
    case "role":
      return `This needs the ${refusal.needs} role in the repository; ${
        refusal.has === null ? "you have no role there" : `you have the ${refusal.has} role`
      }. Ask an admin of the repository for it.`;
    case "scope":
      return `This token does not have the scope ${refusal.scope}. Create one that has it in your settings, under API tokens.`;
    default:
      return SENTENCES[refusal.why];
  }
}

const SENTENCES: Record<Exclude<Refusal["why"], "role" | "scope">, string> = {
  archived: "This repository is archived, so it is read-only. An admin can unarchive it in its settings.",
  "limited-token": "This token is limited to some repositories. Use a token that is not limited.",
  run: "The token of a run can only read the repository of the run.",
  "deploy-key": "A deploy key can only fetch from and push to its own repository.",
  "read-only-key":
    "This deploy key is read-only. Add a deploy key with write access in the settings of the repository.",
  owners: "Only owners of the organisation can do this.",
  members: "Only members of the organisation can do this.",
  maintainers: "Only maintainers of the team and owners of the organisation can do this.",
  "site-admins": "Only admins of this site can do this.",
};
