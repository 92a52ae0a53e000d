// How much a request may say before its body. Invariant: what is longer is refused before anybody is looked up.
import type { Context, MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env.ts";
import { ForgeError } from "./errors.ts";
import { REQUEST_ADDRESS_CHARACTERS_MAX, REQUEST_HEADERS_CHARACTERS_MAX } from "./limits.ts";

/** As `requireShortHead`, for all that comes after. */
export const limitHead: MiddlewareHandler<AppEnv> = async (context, next) => {
  requireShortHead(context);
  await next();
};

/** @throws ForgeError `address_too_long`, `headers_too_large` */
export function requireShortHead(context: Context<AppEnv>): void {
  const { pathname, search } = new URL(context.req.url);
  if (pathname.length + search.length > REQUEST_ADDRESS_CHARACTERS_MAX) {
    throw new ForgeError(
      "address_too_long",
      `An address has at most ${REQUEST_ADDRESS_CHARACTERS_MAX} characters.`,
    );
  }
  let characters = 0;
  for (const [name, value] of context.req.raw.headers) characters += name.length + value.length;
  if (characters > REQUEST_HEADERS_CHARACTERS_MAX) {
    throw new ForgeError(
      "headers_too_large",
      `The headers of a request have at most ${REQUEST_HEADERS_CHARACTERS_MAX} characters.`,
    );
  }
}
