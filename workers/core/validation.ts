// How a request that doesn't fit its schema is refused, and how refusals are described in the OpenAPI document.
import { type Hook, z } from "@hono/zod-openapi";
import type { AppEnv } from "./app-env.ts";
import { type FieldError, ForgeError } from "./errors.ts";

const errorSchema = z
  .object({
    message: z.string(),
    documentation_url: z.string(),
    request_id: z.string(),
    errors: z
      .array(
        z.object({
          resource: z.string(),
          field: z.string(),
          code: z.string(),
          message: z.string().optional(),
        }),
      )
      .optional(),
  })
  .openapi("Error");

const DESCRIPTIONS = {
  400: "The request could not be read",
  401: "Credentials are missing or bad",
  403: "Not allowed",
  404: "Not found, or not to be seen",
  409: "Not possible in its present state",
  413: "The body is too large",
  414: "The address is too long",
  422: "A field is missing or wrong",
  429: "Too many requests",
  431: "The headers are too large",
  503: "Something it needs is away",
} as const;

export type ErrorStatus = keyof typeof DESCRIPTIONS;

export const ERROR_STATUSES = [400, 401, 403, 404, 409, 413, 414, 422, 429, 431, 503] as const;

/** What each status of an error says, for the parts that all routes share. */
export const describeErrors = (): Readonly<Record<ErrorStatus, string>> => DESCRIPTIONS;

/** The error answers of a route, for its OpenAPI description. */
export function errorResponses<Status extends ErrorStatus>(...statuses: Status[]) {
  const describe = (status: Status) => ({
    description: DESCRIPTIONS[status],
    content: { "application/json": { schema: errorSchema } },
  });
  return Object.fromEntries(statuses.map((status) => [status, describe(status)])) as {
    [Key in Status]: ReturnType<typeof describe>;
  };
}

/** Answers 422 with each field that is missing or wrong. @throws ForgeError `invalid` */
export const refuseInvalid: Hook<unknown, AppEnv, string, unknown> = (result) => {
  if (result.success) return;
  const fields = result.error.issues.map((issue): FieldError => {
    const isMissing = issue.code === "invalid_type" && issue.message.includes("received undefined");
    return {
      resource: result.target,
      field: issue.path.join("."),
      code: isMissing ? "missing_field" : "invalid",
      message: issue.message,
    };
  });
  throw new ForgeError("invalid", "Validation Failed", { fields });
};
