// A repository's files at a revision, its workflows, and the bytes of a file.
import { type Context, Hono } from "hono";
import { can } from "../../workers/auth/permissions.ts";
import { openContent } from "../../workers/content/service.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { type Repository, requireRepository } from "../../workers/repos/service.ts";
import { findRunsOfCommit } from "../../workers/runs/service.ts";
import { readWorkflows } from "../../workers/runs/workflows-service.ts";
import { makeFrame } from "../make-frame.ts";
import { EmptyRepositoryPage } from "../pages/empty-repository-page.tsx";
import { FilePage } from "../pages/file-page.tsx";
import { MissingPathPage } from "../pages/missing-path-page.tsx";
import { RepositoryPage } from "../pages/repository-page.tsx";
import { WorkflowsPage } from "../pages/workflows-page.tsx";

export const contentRoutes = new Hono<AppEnv>()
  .get("/:owner/:repo", async (context) => {
    const repository = await findRepository(context);
    return showRevision(context, repository, repository.defaultBranch);
  })
  .get("/:owner/:repo/workflows", async (context) => {
    const repository = await findRepository(context);
    const content = openContent(context.get("env"), context.get("database"), repository);
    const tip = await content.resolve(repository.defaultBranch);
    const definitions = tip ? await readWorkflows(content.objects, tip.commit.oid) : [];
    return context.html(
      <WorkflowsPage
        frame={makeFrame(context)}
        repository={repository}
        defaultBranch={repository.defaultBranch}
        definitions={definitions}
      />,
    );
  })
  .get("/:owner/:repo/tree/:rest{.+}", async (context) =>
    showRevision(context, await findRepository(context), context.req.param("rest")),
  )
  .get("/:owner/:repo/blob/:rest{.+}", async (context) =>
    showRevision(context, await findRepository(context), context.req.param("rest")),
  )
  .get("/:owner/:repo/raw/:rest{.+}", async (context) => {
    const repository = await findRepository(context);
    const content = openContent(context.get("env"), context.get("database"), repository);
    const revision = await content.resolve(context.req.param("rest"));
    const file = revision ? await content.readRaw(revision.commit.oid, revision.path) : null;
    if (!file) throw notFound("There is no such file.");
    return context.body(file.bytes, 200, {
      "Content-Type": file.isText ? "text/plain; charset=utf-8" : "application/octet-stream",
      "Content-Security-Policy": "default-src 'none'; sandbox",
      "Cache-Control": repository.isPrivate ? "private, no-cache" : "public, max-age=5",
      ETag: `"${file.oid}"`,
    });
  });

type RepositoryContext = Context<AppEnv, "/:owner/:repo">;

async function findRepository(context: RepositoryContext): Promise<Repository> {
  const { owner, repo } = context.req.param();
  return requireRepository(context.get("database"), context.get("actor"), owner, repo, "repository.read");
}

async function showRevision(
  context: RepositoryContext,
  repository: Repository,
  rest: string,
): Promise<Response> {
  const content = openContent(context.get("env"), context.get("database"), repository);
  const frame = makeFrame(context);
  const { revisions, resolved } = await content.look(rest);
  if (!resolved) {
    const isEmpty = revisions.branches.length === 0 && revisions.tags.length === 0;
    if (!isEmpty) {
      return context.html(
        <MissingPathPage frame={frame} repository={repository} revision={null} path={rest} />,
        404,
      );
    }
    const canWrite = can(context.get("actor"), "repository.write", repository) === "allowed";
    return context.html(
      <EmptyRepositoryPage
        frame={frame}
        repository={repository}
        defaultBranch={repository.defaultBranch}
        canWrite={canWrite}
      />,
    );
  }
  const { path } = resolved;
  const revision = { name: resolved.name, kind: resolved.kind, ...revisions };
  const view = await content.view(resolved.commit.oid, path);
  if (view.kind === "missing") {
    return context.html(
      <MissingPathPage frame={frame} repository={repository} revision={revision} path={path} />,
      404,
    );
  }
  const commit = {
    sha: resolved.commit.oid,
    subject: resolved.commit.subject,
    authorName: resolved.commit.authorName,
    authoredAt: resolved.commit.authoredAtMs === null ? null : new Date(resolved.commit.authoredAtMs),
    runs: await findRunsOfCommit(context.get("database"), repository.id, resolved.commit.oid),
  };
  const shared = { frame, repository, revision, commit, path };
  if (view.kind === "file") return context.html(<FilePage {...shared} file={view.file} />);
  return context.html(
    <RepositoryPage
      {...shared}
      entries={view.entries}
      entriesLeftOut={view.entriesLeftOut}
      readme={view.readme}
    />,
  );
}
