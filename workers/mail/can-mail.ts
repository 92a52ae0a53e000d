// Whether mail can be sent at all, and which way it goes. Invariant: only a gateway that answers that it has no way says no;
// one that doesn't answer leaves mail waiting, which is what the queue is for.
import { z } from "zod";
import type { Env } from "../core/env.ts";
import { callGateway } from "../core/gateway-client.ts";
import { HEALTH_TIMEOUT_MS, MAIL_ROUTE_KEPT_MS, MAIL_ROUTE_UNKNOWN_KEPT_MS } from "../core/limits.ts";
import { createLog, describeCause } from "../core/log.ts";

/** `provider`: the Worker's own; the others are the gateway's, `unknown` while it doesn't answer. */
type MailRoute = "provider" | "smtp" | "folder" | "none" | "unknown";

const gatewaySchema = z.object({ mail: z.enum(["smtp", "folder", "none"]) });
const kept = new WeakMap<Env, { route: MailRoute; untilMs: number }>();

/** Which way mail goes. The gateway is asked at most once a minute. */
export async function readMailRoute(env: Env): Promise<MailRoute> {
  if (env.mailProvider !== null) return "provider";
  const known = kept.get(env);
  if (known && Date.now() < known.untilMs) return known.route;
  const route = await askGateway(env);
  const keptMs = route === "unknown" ? MAIL_ROUTE_UNKNOWN_KEPT_MS : MAIL_ROUTE_KEPT_MS;
  if (route === "none" && known?.route !== "none") {
    createLog({}).warn(
      "no mail can be sent, so nobody registers or signs in by mail: set SMTP_URL and MAIL_FROM for the gateway, or MAIL_HTTP_URL, MAIL_HTTP_KEY and MAIL_FROM for the Worker",
    );
  }
  kept.set(env, { route, untilMs: Date.now() + keptMs });
  return route;
}

/** Whether mail can be sent, now or once who sends it is back. */
export const canMail = async (env: Env): Promise<boolean> => (await readMailRoute(env)) !== "none";

async function askGateway(env: Env): Promise<MailRoute> {
  try {
    const signal = AbortSignal.timeout(HEALTH_TIMEOUT_MS);
    const response = await callGateway(env, "GET", "/health", { signal });
    return gatewaySchema.parse(await response.json()).mail;
  } catch (error) {
    createLog({}).warn("the gateway didn't say whether it sends mail", { cause: describeCause(error) });
    return "unknown";
  }
}
