// The system's Chromium, headless, for tests that look at pages as a person does.
import { type Browser, chromium } from "playwright-core";
import { findProgram, testTools } from "../scripts/dev/system-tools.ts";

/** Opens a browser; the test closes it. @throws Error that says what to install when there is none. */
export async function openBrowser(): Promise<Browser> {
  const programs = testTools.find((tool) => tool.package === "chromium")?.programs ?? [];
  const executablePath = programs.map(findProgram).find((path) => path !== undefined);
  if (executablePath === undefined) throw new Error("No Chromium: install the package chromium.");
  return await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-dev-shm-usage"],
  });
}
