// What happens each time the clock strikes, all domains' parts in a row. Invariant: every part is bounded and may be
// done twice or late; nothing relies on the clock alone.
import { sweepAudit } from "../audit/service.ts";
import { expireCredentials } from "../auth/service.ts";
import type { Database } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import type { Log } from "../core/log.ts";
import { deleteOldFailures } from "../core/message-failures.ts";
import { deleteSentEvents, drainOutbox } from "../core/outbox.ts";
import { tickMaintenance } from "../git/housekeeping/consume-maintenance.ts";
import { sweepImports } from "../imports/service.ts";
import { sweepMail } from "../mail/service.ts";
import { sweepLimits } from "../rate-limits/service.ts";
import { sweepInvitations } from "../repos/invitations.ts";
import { sweepReservedNames } from "../repos/owner-names.ts";
import { sweepOffers } from "../repos/transfer-offers.ts";

interface ClockServices {
  env: Env;
  database: Database;
  log: Log;
}

/** Does once what falls due by time. */
export async function strikeClock({ env, database, log }: ClockServices): Promise<void> {
  await drainOutbox(env, database);
  await deleteSentEvents(database);
  await expireCredentials(database);
  await sweepInvitations(database);
  await sweepOffers(database);
  await sweepReservedNames(database);
  await sweepLimits(database);
  await deleteOldFailures(database);
  await sweepAudit(database);
  await sweepMail(env, database);
  await sweepImports({ env, database });
  await tickMaintenance({ env, database, log });
  log.info("swept");
}
