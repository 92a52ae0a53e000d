// A repository's imports, and one of them.
import { Hono } from "hono";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { describeImport } from "../../workers/imports/describe-import.ts";
import { getImport, listImports } from "../../workers/imports/service.ts";
import { requireRepository } from "../../workers/repos/service.ts";
import { assetPath } from "../asset-routes.ts";
import { makeFrame } from "../make-frame.ts";
import { ImportPage } from "../pages/import-page.tsx";
import { ImportsPage } from "../pages/imports-page.tsx";

export const importRoutes = new Hono<AppEnv>()
  .get("/:owner/:repo/imports", async (context) => {
    const [database, env, actor] = [context.get("database"), context.get("env"), context.get("actor")];
    const { owner, repo } = context.req.param();
    const repository = await requireRepository(database, actor, owner, repo, "repository.write");
    const imports = (await listImports({ env, database }, repository.id)).map((status) => ({
      ...describeImport(status, repository, env.publicUrl),
      createdAt: status.row.createdAt,
    }));
    return context.html(<ImportsPage frame={makeFrame(context)} repository={repository} imports={imports} />);
  })
  .get("/:owner/:repo/imports/:id", async (context) => {
    const [database, env, actor] = [context.get("database"), context.get("env"), context.get("actor")];
    const { owner, repo, id } = context.req.param();
    if (!/^[1-9]\d{0,14}$/.test(id)) throw notFound();
    const repository = await requireRepository(database, actor, owner, repo, "repository.write");
    const status = await getImport({ env, database }, repository.id, Number(id));
    context.header("Cache-Control", "no-store");
    return context.html(
      <ImportPage
        frame={makeFrame(context)}
        repository={repository}
        view={describeImport(status, repository, env.publicUrl)}
        script={assetPath("import.js")}
      />,
    );
  });
