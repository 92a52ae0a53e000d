// Who is asking, as authentication found it. What they may do is decided in auth/permissions.ts alone.
import type { Appearance } from "../../schema/appearance.ts";

/** Scopes a token may carry. `admin` includes all others. */
export const TOKEN_SCOPES = ["repo:read", "repo:write", "run:*", "org:*", "user:*", "admin"] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** How much waits for somebody's answer: open invitations, and open offers of repositories. */
interface Waiting {
  invitations: number;
  transfers: number;
}

export type Credential =
  | {
      kind: "session";
      sessionId: number;
      csrfToken: string;
      provedAt: Date;
      /** How its user wants pages to look; `auto` where absent. */
      appearance?: Appearance;
      /** What waits for its user's answer. */
      waiting?: Waiting;
    }
  /** `repositoryIds`: all that the token reaches, public ones included; null when it isn't limited. */
  | {
      kind: "token";
      tokenId: number;
      scopes: readonly string[];
      repositoryIds: readonly number[] | null;
      /** Which scopes this request was asked for, and whether the token has them; for headers and the audit log. */
      asked?: Map<TokenScope, boolean>;
    };

export interface UserActor {
  kind: "user";
  userId: number;
  username: string;
  isAdmin: boolean;
  credential: Credential;
}

/** A running attempt of a job; it may read its own repository while it runs. */
interface RunActor {
  kind: "run";
  jobId: number;
  repositoryId: number;
}

/** A deploy key: nobody in person, and one repository. */
interface DeployActor {
  kind: "deploy";
  deployKeyId: number;
  repositoryId: number;
  canWrite: boolean;
}

export type Actor = { kind: "anonymous" } | UserActor | RunActor | DeployActor;

export const ANONYMOUS: Actor = { kind: "anonymous" };
