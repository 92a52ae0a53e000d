// Gives `import { env } from "cloudflare:workers"`, which the tests use, the type of the Worker's bindings.
import type { Bindings } from "./core/env.ts";

declare global {
  namespace Cloudflare {
    interface Env extends Bindings {}
  }
}
