// Requests are counted in the very statement that finds out who asks, so that counting costs no round trip of its own.
// Invariant: only a credential that is found is charged.
import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { RateRule } from "../core/limits.ts";
import type { RateResource, RequestRules } from "./request-rules.ts";
import { findResetAt } from "./service.ts";

/** What one request took, of the rule that leaves the least. */
export interface Charge {
  resource: RateResource;
  allowed: boolean;
  limit: number;
  remaining: number;
  resetAt: Date;
  retryAfterMs: number;
  /** What was taken, to be given back when the request turns out to be free. */
  taken: readonly { key: string; rule: RateRule }[];
}

/** Who is charged: texts, or columns of the statement. The account is null where a credential has none. */
interface Payer {
  credential: SQL | string;
  account: SQL | string | null;
}

const columnSchema = z.object({
  wanted: z.array(z.string()),
  position: z.number().int(),
  is_allowed: z.boolean(),
  remaining: z.number().int(),
  full_ms: z.number(),
  wait_ms: z.number(),
});

/** A column that takes a request of the row's credential and account, as JSON for `readCharge`; null without rules. */
export function chargeColumn(rules: RequestRules | null, payer: Payer): SQL<unknown> {
  if (rules === null) return sql<null>`NULL::json`;
  const all = rulesOf(rules, payer);
  const keys = all.map(({ rule, who }) => sql`${`${rule.name}:`} || ${who}`);
  return sql<unknown>`(SELECT row_to_json(charge) FROM take_requests(
    ARRAY[${sql.join(keys, sql`, `)}]::text[],
    ARRAY[${sql.join(
      all.map(({ rule }) => sql`${rule.requestsMax}`),
      sql`, `,
    )}]::integer[],
    ARRAY[${sql.join(
      all.map(({ rule }) => sql`${rule.perMs}`),
      sql`, `,
    )}]::bigint[]) charge)`;
}

/** Reads what `chargeColumn` gave. */
export function readCharge(rules: RequestRules | null, column: unknown): Charge | null {
  if (rules === null) return null;
  const row = columnSchema.parse(column);
  const all = [rules.perCredential, rules.perAccount];
  const tightest = all[row.position - 1] ?? rules.perCredential;
  return {
    resource: rules.resource,
    allowed: row.is_allowed,
    limit: tightest.requestsMax,
    remaining: row.remaining,
    resetAt: findResetAt(tightest, row.full_ms),
    retryAfterMs: Math.ceil(row.wait_ms),
    taken: row.is_allowed ? row.wanted.flatMap((key, at) => (all[at] ? [{ key, rule: all[at] }] : [])) : [],
  };
}

function rulesOf(rules: RequestRules, payer: Payer) {
  const own = { rule: rules.perCredential, who: payer.credential };
  return payer.account === null ? [own] : [own, { rule: rules.perAccount, who: payer.account }];
}
