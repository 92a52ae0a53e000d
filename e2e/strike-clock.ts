// The clock of an installation, struck by hand: what falls due by time happens now instead of at the next minute.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SIGNATURE_HEADER, signRequest } from "../schema/signature.ts";
import type { RunningPlue } from "./start-plue.ts";

/** Resolves when the Worker has done what it does each minute. @throws Error when it couldn't. */
export async function strikeClock(plue: RunningPlue): Promise<void> {
  const { gatewaySecret } = JSON.parse(readFileSync(join(plue.dataFolder, "secrets.json"), "utf8"));
  const path = "/internal/clock";
  const signature = await signRequest(gatewaySecret, { method: "POST", path, body: "" });
  const response = await fetch(plue.url + path, {
    method: "POST",
    headers: { [SIGNATURE_HEADER]: signature },
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
}
