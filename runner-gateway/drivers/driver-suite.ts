/** The tests that every local driver passes: declare them for a technology in a file of its own. */
import { declareIsolationTests } from "./suite/isolation-suite.ts";
import { declareLifecycleTests } from "./suite/lifecycle-suite.ts";
import { declareLimitTests } from "./suite/limits-suite.ts";
import { declareOrphanTests } from "./suite/orphan-suite.ts";

export function declareDriverSuite(technology: "gvisor" | "bubblewrap"): void {
  declareLifecycleTests(technology);
  declareIsolationTests(technology);
  declareLimitTests(technology);
  declareOrphanTests(technology);
}
