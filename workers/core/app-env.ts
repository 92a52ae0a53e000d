// What every handler finds in Hono's context.
import type { Actor } from "./actor.ts";
import type { Database } from "./db.ts";
import type { Bindings, Env } from "./env.ts";
import type { Log } from "./log.ts";

export interface AppEnv {
  Bindings: Bindings;
  Variables: {
    env: Env;
    database: Database;
    log: Log;
    requestId: string;
    actor: Actor;
    /** What pages say of the site; absent where a request failed before that was known. */
    site?: { name: string; banner: string };
    /** Who the request's credential belongs to now; anonymous when it has ended. For answers that go on for long. */
    reauthenticate: () => Promise<Actor>;
  };
}
