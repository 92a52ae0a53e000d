// Making an account for who proved nothing but a wallet. Invariant: its name is free, looks like nobody else's, and isn't one
// that the site's own addresses begin with.
import { recordAudit } from "../audit/service.ts";
import { ANONYMOUS } from "../core/actor.ts";
import type { Executor } from "../core/db.ts";
import type { Origin } from "../core/origin.ts";
import { findOwnerNameProblem } from "../repos/names.ts";
import { findTakenName } from "../repos/owner-names.ts";
import { insertPerson } from "./store/people.ts";

type CreatedPerson =
  | { state: "created"; person: { id: number; username: string } }
  | { state: "refused"; problem: string };

/** Why nobody new can have the name, in a sentence; undefined when they can. */
async function findUsernameProblem(query: Executor, username: string): Promise<string | undefined> {
  const problem = findOwnerNameProblem(username);
  if (problem !== undefined) return problem;
  const taken = await findTakenName(query, username);
  if (taken === "taken") return "That name is taken.";
  return taken === "similar" ? "That name looks too much like one that is taken." : undefined;
}

/** Makes the account and records it. */
export async function createPerson(
  transaction: Executor,
  origin: Origin,
  username: string,
): Promise<CreatedPerson> {
  const problem = await findUsernameProblem(transaction, username);
  if (problem !== undefined) return { state: "refused", problem };
  const person = await insertPerson(transaction, username);
  if (!person) return { state: "refused", problem: "That name is taken." };
  await recordAudit(transaction, ANONYMOUS, origin, {
    action: "account.create",
    ownerId: person.id,
    target: { kind: "user", id: person.id, name: person.username },
  });
  return { state: "created", person };
}
