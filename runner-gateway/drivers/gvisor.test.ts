/**
 * gVisor under the driver suite, where it works; elsewhere what is said instead. `PLUE_REQUIRE_GVISOR=1` makes it a
 * failure not to have it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { declareDriverSuite } from "./driver-suite.ts";
import { SuiteGateway } from "./suite/suite-gateway.ts";
import { chooseSuiteDriver } from "./suite/suite-host.ts";

const dataFolder = mkdtempSync(join(tmpdir(), "plue-gvisor-"));
const choice = await chooseSuiteDriver("gvisor", new SuiteGateway(), dataFolder);
if (choice.available) await choice.driver.close();
rmSync(dataFolder, { recursive: true });

if (choice.available || process.env.PLUE_REQUIRE_GVISOR === "1") {
  declareDriverSuite("gvisor");
} else {
  test("where gVisor doesn't work, whoever insists on it is told why and what to install", () => {
    expect(choice.reason).toContain("PLUE_SANDBOX=gvisor insists, but no sandbox works here (");
    expect(choice.reason).toMatch(/runsc/);
    expect(choice.reason).toContain("apt-get install bubblewrap runsc");
  });
}
