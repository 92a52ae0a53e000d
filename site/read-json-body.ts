// What a page's script posts. Invariant: nothing of another shape goes on.
import type { Context } from "hono";
import type { z } from "zod";
import type { AppEnv } from "../workers/core/app-env.ts";
import { ForgeError } from "../workers/core/errors.ts";

/** @throws ForgeError `unsupported_media_type` or `bad_request` */
export async function readJsonBody<Shape>(
  context: Context<AppEnv>,
  schema: z.ZodType<Shape>,
): Promise<Shape> {
  // A form of another site can't send this type.
  if (!context.req.header("content-type")?.startsWith("application/json")) {
    throw new ForgeError("unsupported_media_type", "This takes JSON.");
  }
  const text = await context.req.text();
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new ForgeError("bad_request", "The request wasn't understood.", { cause: parsed.error });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ForgeError("bad_request", "The request wasn't understood.", { cause });
  }
}
