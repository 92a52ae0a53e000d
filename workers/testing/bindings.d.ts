// Tells `cloudflare:test` which bindings the Worker under test has.
import type { Bindings } from "../core/env.ts";

declare global {
  namespace Cloudflare {
    interface Env extends Bindings {}
  }
}
