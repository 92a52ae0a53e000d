// What a request gets that no route takes: 405 where the address takes other methods (RFC 9110, 15.5.6), else 404.
// Invariant: the answer follows from the routes alone, so that it says nothing of what exists at the address.
import type { Context, Hono, MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env.ts";
import { ForgeError, notFound } from "./errors.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
/** Whoever lacks the installation's secret is told that nothing is there, by any method. */
const INTERNAL = "internal";

/** What `createUnrouted` gives. */
interface Unrouted {
  /** The error for a request that no route takes. @param message what to say where nothing is */
  refuse(context: Context<AppEnv>, message?: string): ForgeError;
  /** Refuses what no route takes below a word of the site's own, which can't be an owner's page. */
  guard: MiddlewareHandler<AppEnv>;
}

/** @param find the app with all its routes, asked for at the first request */
export function createUnrouted(find: () => Hono<AppEnv>): Unrouted {
  let found: Set<string> | undefined;
  const listWords = () => {
    found ??= new Set(find().routes.flatMap(({ method, path }) => (method === "ALL" ? [] : [wordOf(path)])));
    return found;
  };
  // A page's address such as /:owner/:repo matches /settings/tokens too, but can never mean it.
  const isTaken = (method: string, path: string): boolean => {
    const word = wordOf(path);
    const isOwn = listWords().has(word);
    const [matches] = find().router.match(method, path);
    // Middleware is registered for all methods.
    return matches.some(([[, route]]) => route.method === method && (!isOwn || wordOf(route.path) === word));
  };
  const refuse = (context: Context<AppEnv>, message?: string): ForgeError => {
    const { method, path } = context.req;
    const taken = wordOf(path) === INTERNAL ? [] : METHODS.filter((one) => isTaken(one, path));
    const allow = taken.flatMap((one) => (one === "GET" ? ["GET", "HEAD"] : [one]));
    if (allow.length === 0 || allow.includes(method)) return notFound(message);
    const sentence = `This address does not support ${method}. Supported: ${allow.join(", ")}.`;
    return new ForgeError("method_not_allowed", sentence, { allow });
  };
  return {
    refuse,
    guard: async (context, next) => {
      const { method, path } = context.req;
      const isOwn = listWords().has(wordOf(path));
      if (isOwn && !isTaken(method === "HEAD" ? "GET" : method, path)) throw refuse(context, NOTHING);
      await next();
    },
  };
}

/** What the page says when no route has this address. */
export const NOTHING = "There is nothing here.";

/** The first word of an address or of a route's, such as `settings` or `:owner`. */
const wordOf = (path: string): string => path.split("/", 2)[1] ?? "";
