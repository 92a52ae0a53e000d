// Questions to an Ethereum node by JSON-RPC. Invariant: an answer is the node's own, a revert is told apart from a failure,
// and a node that can't be asked is an error, never an answer.
// After https://ethereum.github.io/execution-apis/
import { z } from "zod";
import { ForgeError } from "../core/errors.ts";
import { ETHEREUM_NODE_TIMEOUT_MS } from "../core/limits.ts";

type Method = "eth_chainId" | "eth_getCode" | "eth_call";

const answerSchema = z.union([
  z.object({ result: z.string().regex(/^0x[0-9a-f]*$/) }),
  z.object({ error: z.object({ code: z.number(), message: z.string() }) }),
]);

/** What a contract's own refusal is numbered; nodes that don't number it say it. */
const REVERT_CODE = 3;

/** @throws ForgeError `unavailable` when the node doesn't answer in time, or answers with another error. */
export async function askNode(
  nodeUrl: string,
  method: Method,
  params: readonly unknown[],
): Promise<{ result: string } | "reverted"> {
  const answer = answerSchema.safeParse(await send(nodeUrl, { jsonrpc: "2.0", id: 1, method, params }));
  if (!answer.success) throw unavailable(answer.error);
  if ("result" in answer.data) return answer.data;
  const { code, message } = answer.data.error;
  if (method === "eth_call" && (code === REVERT_CODE || /revert|invalid opcode|out of gas/i.test(message)))
    return "reverted";
  throw unavailable(new Error(`${method} answered ${code}: ${message}`));
}

async function send(nodeUrl: string, body: object): Promise<unknown> {
  try {
    const response = await fetch(nodeUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ETHEREUM_NODE_TIMEOUT_MS),
    });
    return await response.json();
  } catch (error) {
    throw unavailable(error);
  }
}

const unavailable = (cause: unknown): ForgeError =>
  new ForgeError(
    "unavailable",
    "The Ethereum node that checks contract wallets can't be asked now. Try again later.",
    {
      cause,
    },
  );
