// The rules for branches as a push meets them, within the transaction of its refs. Invariant: what the rules are against
// moves only where somebody may bypass them, and then the audit log says so in the same transaction.
import { type AbsentActor, recordAudit } from "../audit/service.ts";
import type { Actor } from "../core/actor.ts";
import type { Executor } from "../core/db.ts";
import type { Origin } from "../core/origin.ts";
import type { PushContext } from "../git/http/dependencies.ts";
import { JUDGED_GLOB_STEPS_LIMIT } from "../git/limits.ts";
import { ZERO_OID } from "../git/object/oid.ts";
import type { JudgeMoves } from "../git/store/protection.ts";
import { findMover } from "./find-mover.ts";
import { listViolations, mayBypass, RuleFinder } from "./judge-move.ts";
import { readFacts } from "./read-facts.ts";
import { findOwnerId } from "./store.ts";

/** Who pushes, for the audit log. */
export interface Pusher {
  readonly actor: Actor | AbsentActor;
  readonly origin: Origin;
}

interface Bypass {
  readonly pattern: string;
  readonly violations: readonly string[];
}

interface PushGuard {
  readonly judge: JudgeMoves;
  /** Records which rules the accepted moves went past. */
  recordBypasses(transaction: Executor, accepted: readonly { name: string }[]): Promise<void>;
}

const BRANCHES = "refs/heads/";
const REASON_CHARACTERS_MAX = 800;

/** Guards the branches of the repository that is pushed to. */
export function guardPush(push: PushContext, pusher: Pusher): PushGuard {
  const bypasses = new Map<string, Bypass>();
  return {
    async judge(transaction, protection, moves) {
      bypasses.clear();
      const refusals = new Map<string, string>();
      const finder = new RuleFinder(protection);
      const ruled = moves.flatMap((move) => {
        if (!move.name.startsWith(BRANCHES)) return [];
        if (finder.steps > JUDGED_GLOB_STEPS_LIMIT) {
          refusals.set(
            move.name,
            "these are too many branches for the rules to be looked up at once; push fewer",
          );
          return [];
        }
        const rule = finder.find(move.name.slice(BRANCHES.length));
        return rule === null ? [] : [{ move, rule }];
      });
      if (ruled.length === 0) return refusals;
      const { repository, actor, objects } = push;
      const mover = await findMover(transaction, repository.id, actor.id);
      const { id: repositoryId, defaultBranch } = repository;
      for (const { move, rule } of ruled) {
        const facts = readFacts({ transaction, repositoryId, defaultBranch, objects }, move);
        const violations = await listViolations(rule.rules, move, "push", mover, facts);
        if (violations.length === 0) continue;
        const reason = `protected branch: ${violations.join("; ")}`;
        if (mayBypass(rule.rules, mover)) bypasses.set(move.name, { pattern: rule.pattern, violations });
        else refusals.set(move.name, reason.slice(0, REASON_CHARACTERS_MAX));
      }
      return refusals;
    },
    async recordBypasses(transaction, accepted) {
      for (const { name } of accepted) {
        const bypass = bypasses.get(name);
        if (bypass !== undefined) await recordBypass(transaction, push, pusher, name, bypass);
      }
    },
  };
}

async function recordBypass(
  transaction: Executor,
  { repository, updates }: PushContext,
  { actor, origin }: Pusher,
  name: string,
  { pattern, violations }: Bypass,
): Promise<void> {
  const move = updates.find((update) => update.name === name);
  await recordAudit(transaction, actor, origin, {
    action: "protected_branch.bypass",
    ownerId: await findOwnerId(transaction, repository.id),
    repositoryId: repository.id,
    target: { kind: "branch", name: name.slice(BRANCHES.length) },
    details: {
      repository: `${repository.owner}/${repository.name}`,
      pattern,
      violations,
      before: move?.before ?? ZERO_OID,
      after: move?.after ?? ZERO_OID,
    },
  });
}
