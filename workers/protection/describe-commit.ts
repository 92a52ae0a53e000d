// A commit in GitHub's shape, as the answer about a branch holds it.
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../core/app-env.ts";
import { notFound } from "../core/errors.ts";
import { parseCommit } from "../git/object/parse-commit.ts";
import { createObjectReader } from "../git/store/object-reader.ts";
import type { Repository } from "../repos/service.ts";

const identSchema = z.object({ name: z.string(), email: z.string(), date: z.string() });

export const commitSchema = z
  .object({
    sha: z.string(),
    node_id: z.string(),
    url: z.string(),
    html_url: z.string(),
    comments_url: z.string(),
    commit: z.object({
      author: identSchema,
      committer: identSchema,
      message: z.string(),
      tree: z.object({ sha: z.string(), url: z.string() }),
      url: z.string(),
      comment_count: z.number().int(),
    }),
    /** The accounts that the addresses belong to; not looked for. */
    author: z.null(),
    committer: z.null(),
    parents: z.array(z.object({ sha: z.string(), url: z.string(), html_url: z.string() })),
  })
  .openapi("Commit");

/** @throws ForgeError `not_found` when there is no such commit */
export async function describeCommit(
  context: Context<AppEnv>,
  repository: Repository,
  oid: string,
): Promise<z.infer<typeof commitSchema>> {
  const reader = createObjectReader(context.get("env"), context.get("database"), repository.id);
  const object = await reader.readObject(oid);
  if (object?.type !== "commit") throw notFound(`No commit found for SHA: ${oid}`);
  const commit = parseCommit(object.bytes);
  const { publicUrl } = context.get("env");
  const name = `${repository.owner}/${repository.name}`;
  const url = `${publicUrl}/api/v3/repos/${name}`;
  const describeIdent = (ident: typeof commit.author) => ({
    name: ident.name,
    email: ident.email,
    // An unknown date is 1970, as in git's log and GitHub's API.
    date: `${new Date((ident.timeSeconds ?? 0) * 1000).toISOString().slice(0, 19)}Z`,
  });
  return {
    sha: oid,
    node_id: btoa(`06:Commit${repository.id}:${oid}`),
    url: `${url}/commits/${oid}`,
    html_url: `${publicUrl}/${name}/tree/${oid}`,
    comments_url: `${url}/commits/${oid}/comments`,
    commit: {
      author: describeIdent(commit.author),
      committer: describeIdent(commit.committer),
      message: commit.message,
      tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
      url: `${url}/git/commits/${oid}`,
      comment_count: 0,
    },
    author: null,
    committer: null,
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${url}/commits/${sha}`,
      html_url: `${publicUrl}/${name}/tree/${sha}`,
    })),
  };
}
