// Other forms of a repository's address, as people paste them and tools ask for them. Invariant: none of these looks
// whether the repository exists, so that the answers tell nothing about what is hidden.
import type { MiddlewareHandler } from "hono";
import { html } from "hono/html";
import type { AppEnv } from "../core/app-env.ts";

const LFS_PATH = /^\/[^/]+\/[^/]+\/info\/lfs(?:\/|$)/;
const CLONE_PATH = /^(\/[^/]+\/[^/]+)\.git$/;
const MODULE_PATH = /^\/([\w.-]+)\/([\w.-]+?)(?:\.git)?(?:\/|$)/;

/**
 * Answers `go get`, requests of Git LFS, and leads browsers from `/owner/repository/` and `/owner/repository.git` to the
 * repository's page.
 */
export const answerAddressForms: MiddlewareHandler<AppEnv> = async (context, next) => {
  const { method } = context.req;
  const { pathname, search, searchParams } = new URL(context.req.url);
  if (LFS_PATH.test(pathname)) return refuseLfs();
  if (method !== "GET" && method !== "HEAD") return next();
  if (searchParams.get("go-get") === "1") {
    const [, owner, name] = MODULE_PATH.exec(pathname) ?? [];
    if (owner !== undefined && name !== undefined) {
      context.header("Cache-Control", "no-store");
      return context.html(describeModule(context.get("env").publicUrl, `${owner}/${name}`));
    }
  }
  const page = (pathname.replace(/\/$/, "") || "/").replace(CLONE_PATH, "$1");
  return page === pathname ? next() : context.redirect(page + search, 301);
};

/** The page that `go get` looks for (go help importpath). */
function describeModule(publicUrl: string, repository: string) {
  const module = `${new URL(publicUrl).host}/${repository}`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="go-import" content="${module} git ${publicUrl}/${repository}.git" />
        <title>${module}</title>
      </head>
      <body>
        go get ${module}
      </body>
    </html>`;
}

/** An error in the form that Git LFS's clients show (git-lfs, docs/api/batch.md, "Response Errors"). */
function refuseLfs(): Response {
  const message =
    "Git LFS is not available on this server yet. Push the files without LFS: run git lfs migrate export first.";
  return new Response(JSON.stringify({ message }), {
    status: 501,
    headers: { "Content-Type": "application/vnd.git-lfs+json", "Cache-Control": "no-store" },
  });
}
