// The stylesheet and the scripts, under addresses that hold their content's hash and so never change.
import { Hono } from "hono";
import type { AppEnv } from "../workers/core/app-env.ts";
import { notFound } from "../workers/core/errors.ts";
import { assets } from "./assets.gen.ts";

/** Mounted at /assets. */
export const assetRoutes = new Hono<AppEnv>().get("/:file", (context) => {
  const match = /^(.+)-([0-9a-f]+)\.(css|js)$/.exec(context.req.param("file"));
  const asset = match ? assets[`${match[1]}.${match[3]}`] : undefined;
  if (!asset || asset.hash !== match?.[2]) throw notFound();
  return context.body(asset.body, 200, {
    "Content-Type": asset.contentType,
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    ETag: `"${asset.hash}"`,
  });
});

/** The address of an asset by its file name, such as `run.js`. @throws Error when the build has none of that name. */
export function assetPath(file: string): string {
  const asset = assets[file];
  if (!asset) throw new Error(`The site has no asset ${file}; run scripts/build-assets.ts.`);
  const dot = file.lastIndexOf(".");
  return `/assets/${file.slice(0, dot)}-${asset.hash}${file.slice(dot)}`;
}
