// The Worker's side of its conversation with the runner-gateway: every request signed, every wait bounded.
import { SIGNATURE_HEADER, signRequest } from "../../schema/signature.ts";
import type { Env } from "./env.ts";

/**
 * Sends a signed request to the gateway. `signal` ends it.
 * @throws TypeError or an AbortError when the gateway can't be reached.
 */
export async function callGateway(
  env: Env,
  method: "GET" | "POST",
  path: string,
  options: { body?: object; signal?: AbortSignal } = {},
): Promise<Response> {
  const body = options.body === undefined ? "" : JSON.stringify(options.body);
  const signature = await signRequest(env.gatewaySecret, { method, path, body });
  return fetch(`${env.gatewayUrl}${path}`, {
    method,
    headers: {
      [SIGNATURE_HEADER]: signature,
      ...(body === "" ? {} : { "content-type": "application/json" }),
    },
    ...(body === "" ? {} : { body }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
}
