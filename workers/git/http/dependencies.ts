// What the git routes are given by the rest of the Worker: who may come in, and what a push means beyond its refs.
import type { Context } from "hono";
import type { Actor } from "../../core/actor.ts";
import type { AppEnv } from "../../core/app-env.ts";
import type { Executor } from "../../core/db.ts";
import type { PackSet } from "../pack/pack-set.ts";
import type { ObjectReader } from "../store/object-reader.ts";
import type { JudgeMoves } from "../store/protection.ts";
import type { GitService } from "../wire/advertisement.ts";
import type { RefUpdate } from "../wire/command-list.ts";

export interface GitRepository {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  /** Without `refs/heads/`. */
  readonly defaultBranch: string;
  readonly isPrivate: boolean;
}

export interface GitActor {
  /** Null for a deploy key, which is nobody in person. */
  readonly id: number | null;
  readonly username: string;
}

export interface GitTarget {
  readonly owner: string;
  readonly name: string;
  readonly service: GitService;
}

export type GitAccess =
  | {
      readonly allowed: true;
      readonly repository: GitRepository;
      readonly actor: GitActor | null;
      /** As what authentication found the client. */
      readonly principal?: Actor;
    }
  /** `message` is shown to the person by git's client. */
  | {
      readonly allowed: false;
      readonly status: 400 | 401 | 403 | 404 | 429;
      readonly message: string;
      readonly retryAfterMs?: number;
      /** What the repository is called now. */
      readonly movedTo?: { readonly owner: string; readonly name: string };
    };

export interface PushContext {
  readonly repository: GitRepository;
  readonly actor: GitActor;
  /** What is about to be moved; each may still be refused. */
  readonly updates: readonly RefUpdate[];
  /** The repository as it will be, the new pack included. */
  readonly objects: ObjectReader & { readonly set: PackSet };
}

export interface PreparedPush {
  /** Asked in the refs' transaction before any moves, where the repository has rules. */
  readonly judge: JudgeMoves;
  /** Runs in the refs' transaction, with those that moved. */
  commit(transaction: Executor, operationId: number, accepted: readonly RefUpdate[]): Promise<void>;
  /**
   * Runs after the commit; returns lines for the person who pushed.
   * @param isCrowded whether housekeeping was told that the repository has many packs
   */
  committed(isCrowded: boolean): Promise<string[]>;
}

export interface GitHttpDependencies {
  /** Judges every request. */
  authorise(context: Context<AppEnv>, target: GitTarget): Promise<GitAccess>;
  /** Runs once the objects of a push are known to be good, before anything is moved. */
  preparePush(context: Context<AppEnv>, push: PushContext): Promise<PreparedPush>;
}
