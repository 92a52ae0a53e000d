// The only judge of who may do what. Pure: the actor and the target in, a verdict out.
// Invariant: what may not be seen is `hidden` (404), whatever was asked to be done with it.
import { hasRole, type OrganizationRole, type RepositoryRole, type Visibility } from "../../schema/roles.ts";
import type { Actor, TokenScope, UserActor } from "../core/actor.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import { describeRefusal, type Refusal } from "./refusal.ts";

/** A repository as it was looked up for the one who asks. */
export interface RepositoryTarget {
  id: number;
  visibility: Visibility;
  isArchived: boolean;
  /** The highest role that ownership, membership, teams and collaboration give the asking user; null for none. */
  role: RepositoryRole | null;
}

/** A person's own account. */
interface AccountTarget {
  accountId: number;
  /** Whether the site leaves making organisations to its admins. */
  onlyAdminsOrganize?: boolean;
}

/** An organisation as it was looked up for the one who asks. Its name and profile are everybody's to see. */
interface OrganizationTarget {
  organizationId: number;
  organizationRole: OrganizationRole | null;
  membersCanCreate: boolean;
}

/** A team as it was looked up for the one who asks, with its organisation's role. */
export interface TeamTarget {
  teamId: number;
  privacy: "closed" | "secret";
  organizationRole: OrganizationRole | null;
  teamRole: "maintainer" | "member" | null;
}

/** The whole of this Plue. */
const SITE = { site: true } as const;
type SiteTarget = typeof SITE;

export type Verdict = "allowed" | "hidden" | "sign-in" | "forbidden";
/** A verdict with the reason for what is forbidden. */
type Judgement = Exclude<Verdict, "forbidden"> | Refusal;

interface RepositoryRule {
  role: RepositoryRole;
  scope: TokenScope;
  /** Whether an archived repository still allows it. */
  whenArchived: boolean;
}

const REPOSITORY_RULES = {
  "repository.read": { role: "read", scope: "repo:read", whenArchived: true },
  "repository.write": { role: "write", scope: "repo:write", whenArchived: false },
  "run.cancel": { role: "write", scope: "run:*", whenArchived: true },
  "status.write": { role: "write", scope: "repo:write", whenArchived: false },
  /** Who else may. */
  "repository.see-access": { role: "write", scope: "repo:read", whenArchived: true },
  /** One's own part in it. */
  "repository.give-up": { role: "read", scope: "repo:write", whenArchived: true },
  "repository.maintain": { role: "maintain", scope: "repo:write", whenArchived: false },
  "repository.administer": { role: "admin", scope: "admin", whenArchived: true },
} as const satisfies Record<string, RepositoryRule>;

const ACCOUNT_RULES = {
  "account.read": "user:*",
  "account.write": "user:*",
  /** SSH keys, as `user:*` promises; whoever holds it changes the addresses that reset a password, too. */
  "account.keys": "user:*",
  "account.create-organization": "org:*",
  "account.create-repository": "repo:write",
  /** Tokens, sessions and ways to sign in: whoever makes one can do all that its owner can. */
  "account.credentials": "admin",
} as const satisfies Record<string, TokenScope>;

interface OrganizationRule {
  roles: readonly OrganizationRole[];
  scope: TokenScope;
  /** Whether strangers are told that there is nothing rather than that they may not. */
  hides?: true;
  /** Whether a site's admin may do it for the organisation; nobody leaves in another's place. */
  personal?: true;
}

const OWNERS = ["owner"] as const;
const MEMBERS = ["owner", "member"] as const;
const EVERYBODY = ["owner", "member", "billing"] as const;

const ORGANIZATION_RULES = {
  /** Members who keep it to themselves, and which teams there are. */
  "organization.see-members": { roles: MEMBERS, scope: "org:*", hides: true },
  /** Open invitations, outside collaborators, the audit log: what owners alone know. */
  "organization.see-access": { roles: OWNERS, scope: "org:*" },
  /** A member too, where `membersCanCreate`. */
  "organization.create-repository": { roles: MEMBERS, scope: "repo:write" },
  "organization.invite": { roles: OWNERS, scope: "org:*" },
  "organization.create-team": { roles: OWNERS, scope: "org:*" },
  "organization.administer": { roles: OWNERS, scope: "org:*" },
  "organization.show-membership": { roles: MEMBERS, scope: "org:*", personal: true },
  "organization.leave": { roles: EVERYBODY, scope: "org:*", personal: true },
} as const satisfies Record<string, OrganizationRule>;

const TEAM_RULES = {
  "team.read": { maintainers: true },
  /** Who is in it, and what it is for. */
  "team.maintain": { maintainers: true },
  /** Its name, its place, its end. */
  "team.administer": { maintainers: false },
} as const;

const SITE_RULES = { "site.administer": "admin" } as const satisfies Record<string, TokenScope>;

export type RepositoryAction = keyof typeof REPOSITORY_RULES;
export type AccountAction = keyof typeof ACCOUNT_RULES;
export type SiteAction = keyof typeof SITE_RULES;
export type OrganizationAction = "organization.read" | keyof typeof ORGANIZATION_RULES;
export type TeamAction = keyof typeof TEAM_RULES;
type Action = RepositoryAction | AccountAction | SiteAction | OrganizationAction | TeamAction;

/** An action with the kind of target it is done to. */
type Question =
  | [RepositoryAction, RepositoryTarget]
  | [AccountAction, AccountTarget]
  | [OrganizationAction, OrganizationTarget]
  | [TeamAction, TeamTarget]
  | [SiteAction, SiteTarget];

// A scope that is implied by a wider one.
const IMPLIED_BY: Partial<Record<TokenScope, readonly TokenScope[]>> = { "repo:read": ["repo:write"] };

/** Whether `actor` may do the action to the target, and if not, how they are to be told. */
export function can(actor: Actor, ...question: Question): Verdict {
  const judgement = judge(actor, ...question);
  return typeof judgement === "string" ? judgement : "forbidden";
}

/** Why `can` says `forbidden`; undefined where it says anything else. */
export function findRefusal(actor: Actor, ...question: Question): Refusal | undefined {
  const judgement = judge(actor, ...question);
  return typeof judgement === "string" ? undefined : judgement;
}

function judge(actor: Actor, ...question: Question): Judgement {
  const [action, target] = question;
  if (isRepositoryAction(action))
    return "visibility" in target ? judgeRepository(actor, action, target) : "hidden";
  if (isAccountAction(action)) return "accountId" in target ? judgeAccount(actor, action, target) : "hidden";
  if (isTeamAction(action)) return "teamId" in target ? judgeTeam(actor, action, target) : "hidden";
  if (isSiteAction(action)) return judgeSite(actor, action);
  return "membersCanCreate" in target ? judgeOrganization(actor, action, target) : "hidden";
}

/** Whether a user's credential carries `scope`. A browser session carries all that its user may do. */
export function hasScope(actor: Actor, scope: TokenScope): boolean {
  if (actor.kind !== "user") return false;
  if (actor.credential.kind === "session") return true;
  const scopes: readonly string[] = actor.credential.scopes;
  const isCarried = [scope, "admin", ...(IMPLIED_BY[scope] ?? [])].some((one) => scopes.includes(one));
  actor.credential.asked?.set(scope, isCarried);
  return isCarried;
}

/** Whether a limited token leaves this repository out. */
function reachesRepository(actor: UserActor, repositoryId: number): boolean {
  const { credential } = actor;
  return (
    credential.kind === "session" ||
    credential.repositoryIds === null ||
    credential.repositoryIds.includes(repositoryId)
  );
}

/** Whether the token reaches some repositories and nothing else. */
const isLimited = ({ credential }: UserActor): boolean =>
  credential.kind === "token" && credential.repositoryIds !== null;

/** @throws ForgeError `not_found`, `unauthorized` or `forbidden`, as `can` judges. */
export function requirePermission(actor: Actor, ...question: Question): void {
  const judgement = judge(actor, ...question);
  if (judgement === "hidden") throw notFound();
  if (judgement === "sign-in") throw new ForgeError("unauthorized", "Sign in first.");
  if (judgement !== "allowed") throw new ForgeError("forbidden", describeRefusal(judgement));
}

function judgeRepository(actor: Actor, action: RepositoryAction, repository: RepositoryTarget): Judgement {
  const rule: RepositoryRule = REPOSITORY_RULES[action];
  if (!canSee(actor, repository)) return "hidden";
  if (action === "repository.read") return "allowed";
  if (actor.kind === "anonymous") return "sign-in";
  if (actor.kind === "run") return { why: "run" };
  if (actor.kind === "deploy") {
    const isPush = action === "repository.write" && actor.repositoryId === repository.id;
    if (!isPush) return { why: "deploy-key" };
    if (!actor.canWrite) return { why: "read-only-key" };
    return repository.isArchived ? { why: "archived" } : "allowed";
  }
  if (!actor.isAdmin && !hasRole(repository.role, rule.role)) {
    return { why: "role", needs: rule.role, has: repository.role };
  }
  if (repository.isArchived && !rule.whenArchived) return { why: "archived" };
  return requireScope(actor, rule.scope);
}

const requireScope = (actor: UserActor, scope: TokenScope): Judgement =>
  hasScope(actor, scope) ? "allowed" : { why: "scope", scope };

function canSee(actor: Actor, repository: RepositoryTarget): boolean {
  if (actor.kind === "user" && !reachesRepository(actor, repository.id)) return false;
  if (repository.visibility === "public") return true;
  if (actor.kind === "run" || actor.kind === "deploy") return actor.repositoryId === repository.id;
  if (actor.kind === "anonymous") return false;
  return (actor.isAdmin || repository.role !== null) && hasScope(actor, "repo:read");
}

function judgeAccount(actor: Actor, action: AccountAction, target: AccountTarget): Judgement {
  if (actor.kind === "anonymous") return "sign-in";
  if (actor.kind !== "user") return { why: actor.kind === "run" ? "run" : "deploy-key" };
  if (actor.userId !== target.accountId) return "hidden";
  if (isLimited(actor)) return { why: "limited-token" };
  const isBarred = action === "account.create-organization" && target.onlyAdminsOrganize === true;
  if (isBarred && !actor.isAdmin) return { why: "site-admins" };
  return requireScope(actor, ACCOUNT_RULES[action]);
}

function judgeOrganization(
  actor: Actor,
  action: OrganizationAction,
  organization: OrganizationTarget,
): Judgement {
  if (action === "organization.read") return "allowed";
  const rule: OrganizationRule = ORGANIZATION_RULES[action];
  const refuse = (refusal: Refusal) => (rule.hides ? "hidden" : refusal);
  if (actor.kind === "anonymous") return rule.hides ? "hidden" : "sign-in";
  if (actor.kind !== "user") return refuse({ why: actor.kind === "run" ? "run" : "deploy-key" });
  if (isLimited(actor)) return refuse({ why: "limited-token" });
  const role = organization.organizationRole;
  const isAmong = role !== null && rule.roles.includes(role);
  const isBarred =
    action === "organization.create-repository" && role !== "owner" && !organization.membersCanCreate;
  const mayAsAdmin = actor.isAdmin && !rule.personal;
  if (!mayAsAdmin && (!isAmong || isBarred)) {
    return refuse({ why: isBarred || rule.roles === OWNERS ? "owners" : "members" });
  }
  return hasScope(actor, rule.scope) ? "allowed" : refuse({ why: "scope", scope: rule.scope });
}

// Nobody but those who see the organisation's members knows which teams there are.
function judgeTeam(actor: Actor, action: TeamAction, team: TeamTarget): Judgement {
  if (actor.kind !== "user" || isLimited(actor) || !hasScope(actor, "org:*")) return "hidden";
  const ruleAll = actor.isAdmin || team.organizationRole === "owner";
  if (ruleAll) return "allowed";
  if (team.organizationRole !== "member") return "hidden";
  if (team.privacy === "secret" && team.teamRole === null) return "hidden";
  if (action === "team.read") return "allowed";
  const { maintainers } = TEAM_RULES[action];
  if (maintainers && team.teamRole === "maintainer") return "allowed";
  return { why: maintainers ? "maintainers" : "owners" };
}

function judgeSite(actor: Actor, action: SiteAction): Judgement {
  if (actor.kind === "anonymous") return "sign-in";
  if (actor.kind !== "user" || !actor.isAdmin) return "hidden";
  if (isLimited(actor)) return { why: "limited-token" };
  return requireScope(actor, SITE_RULES[action]);
}

const isRepositoryAction = (action: Action): action is RepositoryAction => action in REPOSITORY_RULES;
const isAccountAction = (action: Action): action is AccountAction => action in ACCOUNT_RULES;
const isTeamAction = (action: Action): action is TeamAction => action in TEAM_RULES;
const isSiteAction = (action: Action): action is SiteAction => action in SITE_RULES;
