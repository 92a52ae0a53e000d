// What happens each time the clock strikes, all domains' parts in a row. Invariant: every part is bounded and may be
// done twice or late; nothing relies on the clock alone, and no part's failure keeps the others from being done.
import { sweepAudit } from "../audit/service.ts";
import { expireCredentials } from "../auth/service.ts";
import type { Database } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { CLOCK_PART_MS } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import { deleteOldFailures, describeProblem } from "../core/message-failures.ts";
import { deleteSentEvents, drainOutbox } from "../core/outbox.ts";
import { tickMaintenance } from "../git/housekeeping/consume-maintenance.ts";
import { sweepImports } from "../imports/service.ts";
import { sweepKeptTexts } from "../kept-texts/service.ts";
import { sweepMail } from "../mail/service.ts";
import { sweepLimits } from "../rate-limits/service.ts";
import { sweepInvitations } from "../repos/invitations.ts";
import { sweepReservedNames } from "../repos/owner-names.ts";
import { sweepOffers } from "../repos/transfer-offers.ts";
import * as store from "./store.ts";

interface ClockServices {
  env: Env;
  database: Database;
  log: Log;
}

/** By the name that admins see. */
export type ClockParts = Readonly<Record<string, (services: ClockServices) => Promise<unknown>>>;

const PARTS: ClockParts = {
  "send events": drainOutbox,
  "delete sent events": ({ database }) => deleteSentEvents(database),
  "expire credentials": ({ database }) => expireCredentials(database),
  "delete kept forms": ({ database }) => sweepKeptTexts(database),
  "expire invitations": ({ database }) => sweepInvitations(database),
  "expire transfer offers": ({ database }) => sweepOffers(database),
  "release reserved names": ({ database }) => sweepReservedNames(database),
  "delete past rate limits": ({ database }) => sweepLimits(database),
  "delete old failures": ({ database }) => deleteOldFailures(database),
  "trim the audit log": ({ database }) => sweepAudit(database),
  "retry mail": ({ env, database }) => sweepMail(env, database),
  "retry imports": sweepImports,
  "start housekeeping": tickMaintenance,
};

/** Does once what falls due by time. @returns the names of the parts that failed. */
export async function strikeClock(
  services: ClockServices,
  parts: ClockParts = PARTS,
  partMs = CLOCK_PART_MS,
): Promise<string[]> {
  const failed: string[] = [];
  for (const [name, run] of Object.entries(parts)) {
    try {
      await within(partMs, run(services));
      await store.noteSuccess(services.database.query, name);
    } catch (error) {
      failed.push(name);
      services.log.error("a part of the clock's work failed", error, { part: name });
      await noteFailure(services, name, error);
    }
  }
  services.log.info("swept", { failed: failed.length });
  return failed;
}

async function noteFailure({ database, log }: ClockServices, name: string, error: unknown): Promise<void> {
  try {
    await store.noteFailure(database.query, name, describeProblem(error));
  } catch (cause) {
    // The database may well be what failed.
    log.error("a failure of the clock's work was not noted", cause, { part: name });
  }
}

// What goes on past its time does so beside the next part.
async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not done within ${limitMs / 1000} s`)), limitMs);
  try {
    await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

interface ClockPartState {
  name: string;
  /** Null where it never was done. */
  succeededAt: Date | null;
  /** Empty where the newest try succeeded. */
  problem: string;
}

/** When each part was last done, in their order. */
export async function describeClock({ query }: Pick<Database, "query">): Promise<ClockPartState[]> {
  const known = new Map((await store.listParts(query)).map((part) => [part.name, part]));
  return Object.keys(PARTS).map((name) => ({
    name,
    succeededAt: known.get(name)?.succeededAt ?? null,
    problem: known.get(name)?.problem ?? "",
  }));
}
