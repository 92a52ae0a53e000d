// The organisations that somebody owns, for who wants to be gone. Invariant: what is said of their other owners stays true
// until the transaction ends.
import type { Executor } from "../core/db.ts";
import * as members from "./store/members.ts";

interface OwnedOrganization {
  organizationId: number;
  name: string;
  /** Whether nobody else who can act owns it. */
  isOnlyOwner: boolean;
}

/** Those that `userId` owns, by id, each held with its members. */
export async function lockOwnedOrganizations(
  transaction: Executor,
  userId: number,
): Promise<OwnedOrganization[]> {
  const owned = await members.lockOwned(transaction, userId);
  const organizations: OwnedOrganization[] = [];
  for (const { organizationId, name } of owned) {
    const others = await members.countOtherOwners(transaction, organizationId, userId);
    organizations.push({ organizationId, name, isOnlyOwner: others === 0 });
  }
  return organizations;
}
