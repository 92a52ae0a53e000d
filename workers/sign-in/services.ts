// What signing in by password or by mail works with: the request's own environment, who asks, and from where.
import type { Actor } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import type { Origin } from "../core/origin.ts";
import type { DeriveHash } from "./password-hash.ts";

export interface SignInServices {
  env: Env;
  database: Database;
  /** Who the browser was until now. */
  actor: Actor;
  origin: Origin;
  /** What the browser says it remembers of earlier sessions (workers/auth/known-browser.ts); none where there is none. */
  knownSessions?: readonly string[];
  /** Hashes passwords; a test counts how often. */
  derive?: DeriveHash;
}
