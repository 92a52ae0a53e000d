// Judges answers for tests on workerd, over HTTP on a port of its own: `/github` by GitHub's schemas (github-schema.ts),
// which `/github-input` tells the parameters and fields of,
// `/body` by a document that was sent to `/document` before (document-schema.ts).
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { findBodyProblems, keepDocument } from "./document-schema.ts";
import { findDocumentedInput, findShapeProblems, shapeQuestionSchema } from "./github-schema.ts";

const operationName = z.object({ method: z.string(), path: z.string() });

const JUDGES: Record<string, (asked: unknown) => object> = {
  "/github": (asked) => ({ problems: findShapeProblems(shapeQuestionSchema.parse(asked)) }),
  "/github-input": (asked) => findDocumentedInput(operationName.parse(asked)) ?? {},
  "/document": (asked) => ({ document: keepDocument(z.looseObject({}).parse(asked)) }),
  "/body": (asked) => ({ problems: findBodyProblems(asked) }),
};

/** Each path takes its question by POST, as JSON; what can't be judged is a problem too. */
export async function serveSchemas(): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    try {
      const judge = JUDGES[request.url ?? ""];
      if (judge === undefined) throw new Error(`nothing is judged at ${request.url}`);
      response.end(JSON.stringify(judge(JSON.parse(Buffer.concat(chunks).toString("utf8")))));
    } catch (error) {
      response.end(JSON.stringify({ problems: [String(error)] }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
