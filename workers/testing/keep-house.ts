// Housekeeping as a test drives it: at once, without graces, and stopped or joined by others where the test says.
import { env } from "cloudflare:test";
import { sql } from "drizzle-orm";
import { parseEnv } from "../core/env.ts";
import { checkPack, checkReferences, listCheckedPacks } from "../git/housekeeping/check-repository.ts";
import { type HousekeepingOutcome, housekeepRepository } from "../git/housekeeping/housekeep-repository.ts";
import type { HousekeepingContext } from "../git/housekeeping/housekeeping-context.ts";
import type { Oid } from "../git/object/oid.ts";
import { createObjectReader } from "../git/store/object-reader.ts";
import { database } from "./fixtures.ts";
import type { PushedRepository } from "./pushed-repository.ts";

type Step = Parameters<NonNullable<HousekeepingContext["reach"]>>[0];

/** The context of housekeeping; `at` runs when a step is reached, each time. */
export function housekeeping(
  at: Partial<Record<Step, () => Promise<void>>> = {},
  bucket: R2Bucket = env.OBJECTS,
): HousekeepingContext {
  return { bucket, database, reach: async (step) => at[step]?.() };
}

/** One step at once. */
export function keepHouse(
  repository: PushedRepository,
  at: Partial<Record<Step, () => Promise<void>>> = {},
  graceMs = 0,
  bucket: R2Bucket = env.OBJECTS,
): Promise<HousekeepingOutcome> {
  return housekeepRepository(housekeeping(at, bucket), repository.id, { graceMs });
}

/** Steps until nothing is left to do. */
export async function keepHouseFully(repository: PushedRepository, graceMs = 0): Promise<number> {
  for (let steps = 0; steps < 20; steps++) {
    const outcome = await keepHouse(repository, {}, graceMs);
    if (outcome === "settled") return steps;
    if (outcome !== "more") throw new Error(`housekeeping ended with ${outcome}`);
  }
  throw new Error("housekeeping has no end");
}

/** Has unreachable objects looked for from now on. */
export async function makeDue({ id }: PushedRepository): Promise<void> {
  await database.query.execute(sql`UPDATE repositories SET housekeep_at = now() WHERE id = ${id}`);
}

/** What scripts/fsck.ts would call damage. */
export async function findDamage({ id }: PushedRepository): Promise<string[]> {
  const damage: string[] = [];
  const parts = (await listCheckedPacks(housekeeping(), id)).map((sha) => checkPack(housekeeping(), id, sha));
  for (const part of [...parts, checkReferences(housekeeping(), id)]) {
    for await (const { level, message } of part) if (level === "error") damage.push(message);
  }
  return damage;
}

/** Which of some objects can be read, each to its last byte. */
export async function readAll({ id }: PushedRepository, oids: readonly Oid[]): Promise<Oid[]> {
  const objects = createObjectReader(parseEnv(env), database, id);
  const read: Oid[] = [];
  for (const oid of oids) if ((await objects.readObject(oid)) !== null) read.push(oid);
  return read;
}
