// What is answered to those who use a name that a repository had: where it is now. Invariant: only said to somebody who may
// read it; everyone else is told that there is nothing.
import type { Context } from "hono";
import type { AppEnv } from "../core/app-env.ts";
import { ForgeError } from "../core/errors.ts";

interface RepositoryName {
  owner: string;
  name: string;
}

/** Where nobody follows it, it is the same as nothing there. */
export class RepositoryMoved extends ForgeError {
  readonly from: RepositoryName;
  readonly to: RepositoryName;

  constructor(from: RepositoryName, to: RepositoryName) {
    super("not_found", "Not Found");
    this.name = "RepositoryMoved";
    this.from = from;
    this.to = { owner: to.owner, name: to.name };
  }
}

/** The same address with the repository's present name. */
export function sendOn(context: Context<AppEnv>, { from, to }: RepositoryMoved): Response {
  const { pathname, search } = new URL(context.req.url);
  const segments = pathname.split("/");
  const at = segments.findIndex(
    (segment, index) => isSame(segment, from.owner) && isSame(segments[index + 1] ?? "", from.name),
  );
  if (at < 0) return context.notFound() as Response;
  segments.splice(at, 2, encodeURIComponent(to.owner), encodeURIComponent(to.name));
  const isApi = pathname.startsWith("/api/");
  const isRead = context.req.method === "GET" || context.req.method === "HEAD";
  // A name that is taken by another must not be led astray by what a browser remembers.
  context.header("Cache-Control", "no-store");
  const location = `${segments.join("/")}${search}`;
  if (!isApi) return context.redirect(location, isRead ? 301 : 308);
  const status = isRead ? 301 : 307;
  context.header("Location", location);
  return context.json(
    { message: isRead ? "Moved Permanently" : "Temporary Redirect", url: location },
    status,
  );
}

const isSame = (segment: string, name: string): boolean =>
  segment.toLowerCase() === encodeURIComponent(name).toLowerCase() ||
  segment.toLowerCase() === name.toLowerCase();
