// An Ethereum node for tests: JSON-RPC over HTTP on a port of this machine, and a real EVM behind it.
import { createServer, type Server } from "node:http";
import { createEVM, type EVM } from "@ethereumjs/evm";
import { createAddressFromString, hexToBytes as toBytes } from "@ethereumjs/util";
import { bytesToHex } from "@noble/hashes/utils.js";
import { z } from "zod";

const hex = z.templateLiteral(["0x", z.string()]);
const requestSchema = z.discriminatedUnion("method", [
  z.object({ method: z.literal("eth_chainId") }),
  z.object({ method: z.literal("eth_getCode"), params: z.tuple([hex, z.literal("latest")]) }),
  z.object({
    method: z.literal("eth_call"),
    params: z.tuple([z.object({ to: hex.optional(), data: hex }), z.literal("latest")]),
  }),
]);

export interface EthereumNode {
  url: string;
  /** Puts code at an address. */
  deploy(address: string, code: Uint8Array): Promise<void>;
  /** Methods it was asked for, in order. */
  asked: string[];
  close(): Promise<void>;
}

/** Starts a node of an empty chain. */
export async function startEthereumNode(chainId = 1): Promise<EthereumNode> {
  const evm = await createEVM();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    request.setEncoding("utf8");
    let body = "";
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", async () => {
      const parsed = requestSchema.parse(JSON.parse(body));
      asked.push(parsed.method);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, ...(await answer(evm, chainId, parsed)) }));
    });
  });
  return {
    url: await listen(server),
    deploy: (address, code) => evm.stateManager.putCode(createAddressFromString(address), code),
    asked,
    close: () => new Promise((closed) => server.close(() => closed())),
  };
}

async function answer(evm: EVM, chainId: number, request: z.infer<typeof requestSchema>): Promise<object> {
  if (request.method === "eth_chainId") return { result: `0x${chainId.toString(16)}` };
  if (request.method === "eth_getCode") {
    const code = await evm.stateManager.getCode(createAddressFromString(request.params[0]));
    return { result: `0x${bytesToHex(code)}` };
  }
  const [{ to, data }] = request.params;
  // A call leaves nothing behind.
  await evm.stateManager.checkpoint();
  const { execResult } = await evm.runCall({
    ...(to === undefined ? {} : { to: createAddressFromString(to) }),
    data: toBytes(data),
    gasLimit: 30_000_000n,
  });
  await evm.stateManager.revert();
  if (execResult.exceptionError === undefined) return { result: `0x${bytesToHex(execResult.returnValue)}` };
  return { error: { code: 3, message: `execution reverted: ${execResult.exceptionError.error}` } };
}

function listen(server: Server): Promise<string> {
  return new Promise((listening) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      listening(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
    });
  });
}
