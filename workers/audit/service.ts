// The audit log: who did what, to what, from where, with which credential.
// Invariant: what is recorded is recorded in the transaction that does it.
import type { Actor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import type { Origin } from "../core/origin.ts";
import { deleteOld, insertEvent } from "./store.ts";

interface AuditRecord {
  /** `<thing>.<verb>`, such as `token.create`, `organization.invite`, `repository.transfer`. */
  action: string;
  /** The account whose log it belongs to: a person's own, an organisation's; absent for the site's alone. */
  ownerId?: number;
  repositoryId?: number;
  target?: { kind: string; id?: number; name: string };
  /** What else there is to know; never a secret. */
  details?: Record<string, unknown>;
}

/** Somebody whose work is done while they aren't there, such as who uploaded what is now imported. */
export interface AbsentActor {
  kind: "absent";
  userId: number;
  username: string;
}

const OLD_EVENTS_PER_SWEEP_MAX = 10_000;

/** Ends events by their age; called by the clock. */
export async function sweepAudit(database: Pick<Database, "query">): Promise<void> {
  await deleteOld(database.query, OLD_EVENTS_PER_SWEEP_MAX);
}

/** Adds to the log. `query` is the transaction of the change. */
export async function recordAudit(
  query: Executor,
  actor: Actor | AbsentActor,
  origin: Origin,
  record: AuditRecord,
): Promise<void> {
  await insertEvent(query, {
    action: record.action,
    ...describeActor(actor),
    ...origin,
    ownerId: record.ownerId ?? null,
    repositoryId: record.repositoryId ?? null,
    targetKind: record.target?.kind ?? "",
    targetId: record.target?.id ?? null,
    targetName: record.target?.name ?? "",
    details: record.details ?? {},
  });
}

function describeActor(actor: Actor | AbsentActor) {
  switch (actor.kind) {
    case "absent":
      return { actorId: actor.userId, actorName: actor.username };
    case "anonymous":
      return {};
    case "run":
      return { credentialKind: "run", credentialId: actor.jobId };
    case "deploy":
      return { credentialKind: "deploy-key", credentialId: actor.deployKeyId };
    case "user": {
      const { credential } = actor;
      const id = credential.kind === "session" ? credential.sessionId : credential.tokenId;
      return {
        actorId: actor.userId,
        actorName: actor.username,
        credentialKind: credential.kind,
        credentialId: id,
      };
    }
  }
}
