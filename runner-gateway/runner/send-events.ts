// Sends the event log over one streaming request, and again over the next when it is cut, from what the gateway
// says it has stored, until the last event is.
import type { ClientRequest, IncomingMessage } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { EventLog } from "./event-log.ts";
import { awaitAnswer, type GatewayClient } from "./gateway-client.ts";
import { ANSWER_LINE_BYTES_MAX, RETRY_FIRST_MS, RETRY_LONGEST_MS } from "./limits.ts";

/** `refused`: the gateway says that this attempt is over; nothing it does counts any more. */
type SendEnd = "sent" | "refused";

/** Statuses that another try doesn't change. */
const FINAL = new Set([400, 401, 403, 404, 409, 410]);

/**
 * Sends what is in the log and what comes, until the log is complete and acknowledged. It tries for as long as the
 * sandbox is let live.
 */
export async function sendEvents(client: GatewayClient, token: string, log: EventLog): Promise<SendEnd> {
  let delayMs = RETRY_FIRST_MS;
  while (!log.isSent) {
    const waitingBefore = log.firstOffset;
    try {
      if (log.lastOffset > 0 && (await resume(client, token, log)) === "refused") return "refused";
      if ((await sendOnce(client, token, log)) === "refused") return "refused";
    } catch (error) {
      process.stderr.write(`the report was cut off: ${String(error)}\n`);
    }
    if (log.isSent) break;
    await wait(delayMs);
    delayMs = log.firstOffset > waitingBefore ? RETRY_FIRST_MS : Math.min(delayMs * 2, RETRY_LONGEST_MS);
  }
  return "sent";
}

/** Asks what is stored already; the log forgets it. */
async function resume(client: GatewayClient, token: string, log: EventLog): Promise<"resumed" | "refused"> {
  const { status, body } = await client.get("/v1/events/acknowledged", token);
  if (FINAL.has(status)) return "refused";
  if (status !== 200) throw new Error(`the gateway answered ${status}`);
  log.acknowledge(readAcknowledged(body));
  return "resumed";
}

async function sendOnce(client: GatewayClient, token: string, log: EventLog): Promise<"ended" | "refused"> {
  const request = client.open("POST", "/v1/events", token, { "content-type": "application/x-ndjson" });
  const stopWriting = writeLines(request, log);
  try {
    const answer = await awaitAnswer(request);
    if (FINAL.has(answer.statusCode ?? 0)) return "refused";
    if (answer.statusCode !== 200) throw new Error(`the gateway answered ${answer.statusCode}`);
    await readAcknowledgements(answer, log);
    return "ended";
  } finally {
    stopWriting();
    request.destroy();
  }
}

/** Writes every line of the log as it comes; ends the request after the last. */
function writeLines(request: ClientRequest, log: EventLog): () => void {
  // What the gateway has already is not written again; where that is everything, the request just ends.
  let written = log.firstOffset - 1;
  const write = (): void => {
    if (request.writableEnded || request.destroyed) return;
    for (const { offset, line } of log.linesAfter(written)) {
      if (request.writableNeedDrain) return;
      request.write(line);
      written = offset;
    }
    if (log.isComplete && written === log.lastOffset) request.end();
  };
  request.on("drain", write);
  // What breaks the connection is thrown where its answer is awaited.
  request.on("error", () => undefined);
  request.flushHeaders();
  const unsubscribe = log.subscribe(write);
  write();
  return unsubscribe;
}

async function readAcknowledgements(answer: IncomingMessage, log: EventLog): Promise<void> {
  let text = "";
  answer.setEncoding("utf8");
  for await (const chunk of answer) {
    const lines = `${text}${chunk}`.split("\n");
    text = lines.pop() ?? "";
    if (text.length > ANSWER_LINE_BYTES_MAX) throw new Error("the gateway's answer makes no sense");
    for (const line of lines) log.acknowledge(readAcknowledged(line));
  }
}

function readAcknowledged(text: string): number {
  const { acknowledged } = JSON.parse(text);
  if (!Number.isSafeInteger(acknowledged)) throw new Error("the gateway's answer makes no sense");
  return acknowledged;
}
