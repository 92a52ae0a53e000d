// Fetches from a pushed repository over HTTP, and what objects came.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { app } from "../app.ts";
import type { Oid } from "../git/object/oid.ts";
import { parsePackIndex } from "../git/pack/pack-index.ts";
import { encodeCommand, readAnswer } from "../git/testing/git-requests.ts";
import { ingestBytes } from "../git/testing/ingest-bytes.ts";
import type { PushedRepository } from "./pushed-repository.ts";

/** The ids of all objects that a fetch of `wants` is answered with. @param args more lines of the command */
export async function fetchObjects(
  { path, person }: PushedRepository,
  wants: readonly Oid[],
  args: readonly string[] = [],
): Promise<ReadonlySet<Oid>> {
  const request = new Request(`http://plue.test${path}.git/git-upload-pack`, {
    method: "POST",
    body: encodeCommand("fetch", [...wants.map((oid) => `want ${oid}`), ...args, "done"]),
    headers: {
      "content-type": "application/x-git-upload-pack-request",
      "git-protocol": "version=2",
      authorization: `Basic ${btoa(`x:${person.token}`)}`,
    },
  });
  const context = createExecutionContext();
  const response = await app.fetch(request, env, context);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.status !== 200)
    throw new Error(`the fetch failed: ${response.status} ${new TextDecoder().decode(bytes)}`);
  const { data, fatal } = readAnswer(bytes);
  await waitOnExecutionContext(context);
  if (fatal !== "") throw new Error(`the fetch failed: ${fatal}`);
  const { idx, sizeBytes } = await ingestBytes(data);
  const index = parsePackIndex(idx, sizeBytes);
  return new Set(Array.from({ length: index.count }, (_, position) => index.oidAt(position)));
}
