// Our own OpenAPI document as tests read it, and the judgement whether an answer is one that it describes.
import { inject } from "vitest";
import { z } from "zod";
import { send } from "./fixtures.ts";

const schemaSchema = z.looseObject({});
const responseSchema = z.looseObject({
  $ref: z.string().optional(),
  headers: z.record(z.string(), z.looseObject({ $ref: z.string().optional() })).optional(),
  content: z.record(z.string(), z.object({ schema: schemaSchema })).optional(),
});
const operationSchema = z.looseObject({
  "x-permission": z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(["path", "query", "header"]),
        required: z.boolean().optional(),
        schema: schemaSchema,
      }),
    )
    .optional(),
  requestBody: z
    .object({
      required: z.boolean().optional(),
      content: z.record(z.string(), z.object({ schema: schemaSchema })),
    })
    .optional(),
  responses: z.record(z.string(), responseSchema),
});
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.object({
    schemas: z.record(z.string(), schemaSchema),
    responses: z.record(z.string(), responseSchema),
    headers: z.record(z.string(), z.object({ required: z.boolean().optional(), schema: schemaSchema })),
    securitySchemes: z.record(z.string(), z.object({ type: z.string() })),
  }),
});

export type ApiDocument = z.infer<typeof documentSchema>;
export type DescribedOperation = z.infer<typeof operationSchema>;

/** The document, and its name where bodies are judged by it. */
export async function readDocument(): Promise<{ document: ApiDocument; name: string }> {
  const text = await (await send("/api/openapi.json")).text();
  const kept = await fetch(`${inject("schemasUrl")}/document`, { method: "POST", body: text });
  const { document: name } = z.object({ document: z.string() }).parse(await kept.json());
  return { document: documentSchema.parse(JSON.parse(text)), name };
}

/** What in an answer isn't as the document says; empty when all is. Reads the body. */
export async function findAnswerProblems(
  { document, name }: { document: ApiDocument; name: string },
  { path, method }: { path: string; method: string },
  answer: Response,
): Promise<string[]> {
  const { status } = answer;
  const described = document.paths[path]?.[method]?.responses[String(status)];
  const isStream = described?.content?.["text/event-stream"] !== undefined;
  if (isStream) await answer.body?.cancel();
  const text = isStream ? "" : await answer.text();
  // That something is away is declared of every route, and still nothing that may happen here; health says it of others.
  if (status >= 500 && described?.content === undefined) return [`${status} ${text}`];
  if (described === undefined) return [`${status} isn't declared: ${text.slice(0, 200)}`];
  const isShared = described.$ref !== undefined;
  const response = isShared ? document.components.responses[String(status)] : described;
  const missing = Object.keys(response?.headers ?? {}).filter(
    (header) => document.components.headers[header]?.required && !answer.headers.has(header),
  );
  const problems = missing.map((header) => `${status} lacks the header ${header}`);
  const [declared] = Object.keys(response?.content ?? {});
  const given = answer.headers.get("content-type")?.split(";")[0];
  if (declared === undefined) return text === "" ? problems : [...problems, `${status} has a body: ${text}`];
  if (given !== declared) return [...problems, `${status} is ${given}, not ${declared}`];
  if (declared !== "application/json") return problems;
  const place = isShared ? ["components", "responses", status] : ["paths", path, method, "responses", status];
  const pointer = `/${[...place, "content", declared, "schema"].map(escapePart).join("/")}`;
  const question = JSON.stringify({ document: name, pointer, body: JSON.parse(text) });
  const judged = await fetch(`${inject("schemasUrl")}/body`, { method: "POST", body: question });
  const found = z.object({ problems: z.array(z.string()) }).parse(await judged.json()).problems;
  return [...problems, ...found.map((problem) => `${status} ${problem}`)];
}

// RFC 6901, as a fragment of an address.
const escapePart = (part: string | number): string =>
  encodeURIComponent(String(part).replaceAll("~", "~0").replaceAll("/", "~1"));
