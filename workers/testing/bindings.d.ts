// Tells `cloudflare:test` which bindings the Worker under test has, and what the tests are provided with.
import type { Bindings } from "../core/env.ts";

declare global {
  namespace Cloudflare {
    interface Env extends Bindings {
      /** As vitest.config.ts binds it. */
      SMALL_SHIELD: RateLimit;
    }
  }
}

declare module "vitest" {
  interface ProvidedContext {
    /** As scripts/testing/global-setup.ts provides it. */
    schemasUrl: string;
    apiCases: number;
    troubledDatabase: string;
  }
}
