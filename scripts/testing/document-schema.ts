// Whether bodies fit the schemas of an OpenAPI 3.1 document, which Ajv judges on Node: workerd compiles no code at run time.
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { z } from "zod";

const questionSchema = z.object({
  /** What `keepDocument` gave. */
  document: z.string(),
  /** Where the schema is in the document (RFC 6901). */
  pointer: z.string(),
  body: z.unknown(),
});

const documents = new Map<string, { ajv: Ajv2020; validators: Map<string, ValidateFunction> }>();

/** Keeps a document to ask about. @returns its name */
export function keepDocument(document: object): string {
  const name = `https://plue.test/document-${documents.size}.json`;
  // Strict would complain of what OpenAPI adds to JSON Schema.
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, logger: false });
  addFormats.default(ajv);
  ajv.addSchema({ ...document, $id: name });
  documents.set(name, { ajv, validators: new Map() });
  return name;
}

/** What in a body doesn't fit the schema; empty when all does. @throws Error for a document or schema that isn't there */
export function findBodyProblems(asked: unknown): string[] {
  const { document, pointer, body } = questionSchema.parse(asked);
  const kept = documents.get(document);
  if (kept === undefined) throw new Error(`there is no document ${document}`);
  const validate = kept.validators.get(pointer) ?? kept.ajv.compile({ $ref: `${document}#${pointer}` });
  kept.validators.set(pointer, validate);
  if (validate(body)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    `${instancePath || "/"} ${message ?? "is wrong"} ${JSON.stringify(params)}`.trim(),
  );
}
