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
  };
}
