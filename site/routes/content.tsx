// A repository's files at a revision, its workflows, and the bytes of a file.
import { type Context, Hono } from "hono";
import { can } from "../../workers/auth/permissions.ts";
import type { CommitSummary } from "../../workers/content/find-commit.ts";
import { readContentPath } from "../../workers/content/read-content-path.ts";
import { serveRaw } from "../../workers/content/serve-raw.ts";
import { openContent } from "../../workers/content/service.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { type Repository, requireRepository } from "../../workers/repos/service.ts";
import { findRunsOfCommit } from "../../workers/runs/service.ts";
import { readWorkflows } from "../../workers/runs/workflows-service.ts";
import type { CommitView } from "../components/views.ts";
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
    const definitions = tip
      ? await readWorkflows(context.get("database"), repository.id, content.objects, tip.oid)
      : [];
    return context.html(
      <WorkflowsPage
        frame={makeFrame(context)}
        repository={repository}
        defaultBranch={repository.defaultBranch}
        definitions={definitions}
      />,
    );
  })
  // A name may hold a newline, which `.` isn't.
  .get("/:owner/:repo/tree/:rest{[\\s\\S]+}", async (context) =>
    showRevision(context, await findRepository(context), readContentPath(context.req.url)),
  )
  .get("/:owner/:repo/blob/:rest{[\\s\\S]+}", async (context) =>
    showRevision(context, await findRepository(context), readContentPath(context.req.url)),
  )
  .get("/:owner/:repo/raw/:rest{[\\s\\S]+}", async (context) => {
    const repository = await findRepository(context);
    const content = openContent(context.get("env"), context.get("database"), repository);
    const rest = readContentPath(context.req.url);
    const revision = await content.resolve(rest);
    const file = revision && (await content.openRaw(revision.oid, revision.path));
    if (file) return serveRaw(context, file, !repository.isPrivate);
    const frame = makeFrame(context);
    return context.html(
      <MissingPathPage frame={frame} repository={repository} revision={null} path={rest} />,
      404,
    );
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
  const view = await content.view(resolved.oid, path);
  if (view.kind === "missing") {
    return context.html(
      <MissingPathPage frame={frame} repository={repository} revision={revision} path={path} />,
      404,
    );
  }
  const commit = resolved.commit && (await describeCommit(context, repository, resolved.commit));
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

async function describeCommit(
  context: RepositoryContext,
  repository: Repository,
  commit: CommitSummary,
): Promise<CommitView> {
  const { oid, subject, authorName, authoredAtMs } = commit;
  return {
    sha: oid,
    subject,
    authorName,
    authoredAt: authoredAtMs === null ? null : new Date(authoredAtMs),
    runs: await findRunsOfCommit(context.get("database"), repository.id, oid),
  };
}
