// What every API request goes through first: a bounded body, read as JSON whatever its label, as scripts expect.
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { AppEnv } from "./app-env.ts";
import { ForgeError } from "./errors.ts";
import { REQUEST_BODY_BYTES_MAX } from "./limits.ts";

/** @throws ForgeError `too_large` past the limit. */
export const limitBody: MiddlewareHandler<AppEnv> = bodyLimit({
  maxSize: REQUEST_BODY_BYTES_MAX,
  onError: () => {
    throw new ForgeError("too_large", `A request body has at most ${REQUEST_BODY_BYTES_MAX} bytes.`);
  },
});

/** `curl -d` labels its JSON as a form; the API has no forms, so the label is put right. */
export const readBodyAsJson: MiddlewareHandler<AppEnv> = async (context, next) => {
  const { raw } = context.req;
  if (raw.body !== null && !/^application\/([\w.-]+\+)?json\b/.test(raw.headers.get("content-type") ?? "")) {
    const headers = new Headers(raw.headers);
    headers.set("content-type", "application/json");
    context.req.raw = new Request(raw, { headers });
  }
  await next();
};
