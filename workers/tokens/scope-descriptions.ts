// What each scope lets a token do, in the words of the page where tokens are made. Invariant: every action a scope
// reaches is named, and nothing else is (workers/auth/scope-promises.worker.test.ts).
import type { TokenScope } from "../core/actor.ts";

export const SCOPE_DESCRIPTIONS: Readonly<Record<TokenScope, string>> = {
  "repo:read": "read private repositories and who has access to them",
  "repo:write": "read and push, make, leave and maintain repositories, set commit statuses",
  "run:*": "cancel runs",
  "org:*": "organisations: their settings, members, invitations, access and teams; make and leave them",
  "user:*": "your own account: profile, email addresses, SSH keys, invitations and offers",
  admin:
    "everything you may do, such as administering repositories, making tokens and changing how you sign in",
};
