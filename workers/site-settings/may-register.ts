// Whether somebody may make an account: the one judge for every way to. Invariant: it looks at the settings of the
// moment, so that who is slow to finish isn't let in after registration was closed.
import type { Executor } from "../core/db.ts";
import { readSettings } from "./service.ts";
import type { SiteSettings } from "./settings.ts";

type RegistrationVerdict =
  | { may: true }
  /** `problem`: a sentence for who wanted to. `uninvited`: an invitation would do. */
  | { may: false; why: "closed" | "uninvited" | "domain"; problem: string };

interface Registrant {
  /** Whether they hold a valid invitation to something here. */
  invited: boolean;
  /** The address they register with; absent where they have shown none, as by a wallet. */
  email?: string;
}

/** @param query the transaction that makes the account, or the database for who only asks */
export async function mayRegister(query: Executor, registrant: Registrant): Promise<RegistrationVerdict> {
  return judgeRegistration(await readSettings(query), registrant);
}

/** As `mayRegister`, of settings that were read. An invitation doesn't stand in for an address of the right domain. */
export function judgeRegistration(
  settings: Pick<SiteSettings, "registration" | "registrationDomains">,
  { invited, email }: Registrant,
): RegistrationVerdict {
  const { registration, registrationDomains: domains } = settings;
  if (registration === "closed") {
    return { may: false, why: "closed", problem: "No new accounts are made here." };
  }
  if (registration === "invited" && !invited) {
    return { may: false, why: "uninvited", problem: "An account is made here by invitation only." };
  }
  if (domains.length === 0) return { may: true };
  const domain = email?.split("@").at(-1)?.toLowerCase();
  if (domain !== undefined && domains.includes(domain)) return { may: true };
  const problem = `An account is made here only with an email address at ${formatAny(domains)}.`;
  return { may: false, why: "domain", problem };
}

const DOMAINS_SAID_MAX = 5;

const formatAny = (domains: readonly string[]): string =>
  domains.length <= DOMAINS_SAID_MAX ? domains.join(" or ") : "one of the domains that its admins allow";
