// Commit statuses in GitHub's shape.
import { z } from "@hono/zod-openapi";
import { formatTime } from "../core/format-time.ts";
import { describeUser, simpleUserSchema } from "../repos/describe-user.ts";
import type { Repository } from "../repos/service.ts";
import type { StatusRow } from "./service.ts";

const states = z.enum(["error", "failure", "pending", "success"]);

const plainStatus = {
  url: z.string(),
  avatar_url: z.string().nullable(),
  id: z.number().int(),
  node_id: z.string(),
  state: states,
  description: z.string().nullable(),
  target_url: z.string().nullable(),
  context: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
};
export const plainStatusSchema = z.object(plainStatus);
export const statusSchema = z
  .object({ ...plainStatus, creator: simpleUserSchema.nullable() })
  .openapi("CommitStatus");

export function describePlainStatus(
  status: StatusRow,
  repository: Repository,
  publicUrl: string,
): z.infer<typeof plainStatusSchema> {
  const name = `${repository.owner}/${repository.name}`;
  const run = status.runNumber === null ? "" : `${publicUrl}/${name}/runs/${status.runNumber}`;
  const target = status.targetUrl === "" ? run : status.targetUrl;
  return {
    url: `${publicUrl}/api/v3/repos/${name}/statuses/${status.oid}`,
    avatar_url: null,
    id: status.id,
    node_id: btoa(`013:StatusContext${status.id}`),
    state: status.state,
    description: status.description === "" ? null : status.description,
    target_url: target === "" ? null : target,
    context: status.context,
    created_at: formatTime(status.createdAt),
    updated_at: formatTime(status.updatedAt),
  };
}

export function describeStatus(
  status: StatusRow,
  repository: Repository,
  publicUrl: string,
): z.infer<typeof statusSchema> {
  const { creatorId, creator } = status;
  const person =
    creatorId === null || creator === null
      ? null
      : describeUser({ id: creatorId, username: creator }, publicUrl);
  return { ...describePlainStatus(status, repository, publicUrl), creator: person };
}
