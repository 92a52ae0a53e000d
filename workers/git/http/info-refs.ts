// GET info/refs: what a client asks first (gitprotocol-http, "Discovering References").
import type { Context } from "hono";
import type { AppEnv } from "../../core/app-env.ts";
import { findRefs, pageRefs, startPages } from "../store/refs.ts";
import { type GitService, RefAdvertisement, writeV2Advertisement } from "../wire/advertisement.ts";
import { parseProtocolVersion } from "../wire/capabilities.ts";
import { PacketBuffer } from "../wire/pkt-line.ts";
import type { GitRepository } from "./dependencies.ts";
import { answer, answerPages } from "./git-response.ts";

/** Answers with the capabilities of v2, or with those of v0 and v1 and all refs, streamed page by page. */
export function serveInfoRefs(
  context: Context<AppEnv>,
  repository: GitRepository,
  service: GitService,
): Response | Promise<Response> {
  const contentType = `application/x-${service}-advertisement`;
  const version = parseProtocolVersion(context.req.header("git-protocol"));
  if (version === 2 && service === "git-upload-pack") {
    const out = new PacketBuffer();
    writeV2Advertisement(out);
    return answer(contentType, out.take());
  }
  return advertiseRefs(context, repository, service, version === 1 ? 1 : 0, contentType);
}

async function advertiseRefs(
  context: Context<AppEnv>,
  repository: GitRepository,
  service: GitService,
  version: 0 | 1,
  contentType: string,
): Promise<Response> {
  const { query } = context.get("database");
  const headTarget = `refs/heads/${repository.defaultBranch}`;
  const pages = startPages(pageRefs(query, repository.id));
  const [head] = service === "git-upload-pack" ? await findRefs(query, repository.id, [headTarget]) : [];
  const out = new PacketBuffer();
  const advertisement = new RefAdvertisement(out, service, version, head === undefined ? null : headTarget);
  if (head !== undefined) advertisement.ref("HEAD", head.oid, null);
  return answerPages(
    context,
    contentType,
    out,
    pages,
    (page) => {
      for (const { name, oid, peeled } of page) advertisement.ref(name, oid, peeled);
    },
    () => advertisement.end(),
  );
}
