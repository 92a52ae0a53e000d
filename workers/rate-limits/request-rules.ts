// Which limits a request is under, by what it asks. Pure.
import {
  API_PER_ACCOUNT,
  API_PER_ADDRESS,
  API_PER_CREDENTIAL,
  GIT_PER_ACCOUNT,
  GIT_PER_ADDRESS,
  GIT_PER_CREDENTIAL,
  PAGES_PER_ACCOUNT,
  PAGES_PER_ADDRESS,
  PAGES_PER_CREDENTIAL,
  type RateRule,
  SEARCH_PER_ACCOUNT,
  SEARCH_PER_ADDRESS,
  SEARCH_PER_CREDENTIAL,
} from "../core/limits.ts";

/** As `x-ratelimit-resource` names it. */
export type RateResource = "core" | "search" | "git" | "page";

/** A request is under the first two when it carries a credential, and else under the last. */
export interface RequestRules {
  resource: RateResource;
  perCredential: RateRule;
  perAccount: RateRule;
  perAddress: RateRule;
}

const RULES: Record<RateResource, Omit<RequestRules, "resource">> = {
  core: { perCredential: API_PER_CREDENTIAL, perAccount: API_PER_ACCOUNT, perAddress: API_PER_ADDRESS },
  search: {
    perCredential: SEARCH_PER_CREDENTIAL,
    perAccount: SEARCH_PER_ACCOUNT,
    perAddress: SEARCH_PER_ADDRESS,
  },
  git: { perCredential: GIT_PER_CREDENTIAL, perAccount: GIT_PER_ACCOUNT, perAddress: GIT_PER_ADDRESS },
  page: { perCredential: PAGES_PER_CREDENTIAL, perAccount: PAGES_PER_ACCOUNT, perAddress: PAGES_PER_ADDRESS },
};

// How much is left is free to ask, and so is whether all is well.
const FREE_PATHS = new Set(["/api/v3/rate_limit", "/api/health", "/api/openapi.json"]);

/** The rules of a class. @param factor what every limit is multiplied by, as the installation is configured. */
export function findRules(resource: RateResource, factor: number): RequestRules {
  const scale = (rule: RateRule): RateRule => ({
    ...rule,
    requestsMax: Math.max(1, Math.round(rule.requestsMax * factor)),
  });
  const { perCredential, perAccount, perAddress } = RULES[resource];
  return {
    resource,
    perCredential: scale(perCredential),
    perAccount: scale(perAccount),
    perAddress: scale(perAddress),
  };
}

/** The class of a request for `path`, git's own apart; null when it is free. */
export function classifyRequest(path: string): RateResource | null {
  if (FREE_PATHS.has(path)) return null;
  if (/^\/api\/v3\/search(\/|$)/.test(path)) return "search";
  return path.startsWith("/api/") ? "core" : "page";
}
