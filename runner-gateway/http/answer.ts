// Answers of the gateway that aren't streams: JSON with a status.
import type { ServerResponse } from "node:http";

/** Sends `body` as JSON, unless an answer has begun already. */
export function answerJson(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}
