// An event of the audit log as a sentence: who did what to whom. Pure. Invariant: every action that the Worker records has
// its sentence, and nothing but names and what the event itself holds goes into one.

interface SpokenEvent {
  action: string;
  actorName: string;
  credentialKind: string;
  targetKind: string;
  targetName: string;
  details: Record<string, unknown>;
}

/** What follows the name of who did it. `target`: what it was done to; `detail`: one of the details, as `to.name`. */
type Tell = (target: string, detail: (path: string) => string) => string;

const as = (role: string): string => (role === "" ? "" : ` as ${role}`);
const to = (repository: string): string => (repository === "" ? "" : ` to ${repository}`);

const SENTENCES: Record<string, Tell> = {
  "account.create": (target) => `created the account ${target}`,
  "account.register": (target) => `asked to register the account ${target}`,
  "account.activate": (target) => `activated the account ${target}`,
  "account.update": (_, detail) => `changed their profile${of(detail("fields"))}`,
  "account.delete": (target) => `deleted the account ${target}`,
  "username.change": (target, detail) => `changed their username from ${detail("former")} to ${target}`,
  "email.add": (target) => `added the email address ${target}`,
  "email.remove": (target) => `removed the email address ${target}`,
  "email.primary": (target) => `made ${target} the primary email address`,
  "email.verify": (target) => `verified the email address ${target}`,
  "email.change-request": (target) => `asked to change the email address to ${target}`,
  "email.change": (target, detail) => `changed the email address ${detail("former")} to ${target}`,
  "password.change": () => "changed the password",
  "password.reset": (target) => `reset the password of ${target} by a mailed link`,
  "passkey.add": (target) => `added the passkey ${target}`,
  "passkey.rename": (target) => `renamed a passkey to ${target}`,
  "passkey.remove": (target) => `removed the passkey ${target}`,
  "wallet.add": (target) => `added the wallet ${target}`,
  "wallet.rename": (target) => `renamed a wallet to ${target}`,
  "wallet.remove": (target) => `removed the wallet ${target}`,
  "session.open": (target, detail) => `signed in as ${target} by ${detail("method")}`,
  "session.revoke": (_, detail) => (detail("why") === "sign-out" ? "signed out" : "ended a session"),
  "sign-in.refuse": (_, detail) => `failed to sign in by ${detail("method")}`,
  "token.create": (target, detail) => `created the API token ${target}${withScopes(detail("scopes"))}`,
  "token.rotate": (target) => `rotated the API token ${target}`,
  "token.revoke": (target) => `revoked the API token ${target}`,
  "token.revoke-all": () => "revoked all API tokens of the account with a new password",
  "token.report": (target) => `reported that the API token ${target} has leaked, and it was revoked`,
  "token.refuse": (_, detail) => `used an API token without the scope ${detail("scopes")}`,
  "ssh-key.create": (target) => `added the SSH key ${target}`,
  "ssh-key.delete": (target) => `deleted the SSH key ${target}`,
  "deploy-key.create": (target, detail) =>
    `added the deploy key ${target}${detail("canWrite") === "true" ? " with write access" : ""}`,
  "deploy-key.delete": (target) => `deleted the deploy key ${target}`,
  "collaborator.invite": (target, detail) =>
    `invited ${target}${to(detail("repository"))}${as(detail("role"))}`,
  "collaborator.set": (target, detail) =>
    `gave ${target} the ${detail("role")} role in ${detail("repository")}`,
  "collaborator.remove": (target, detail) => `removed ${target} from ${detail("repository")}`,
  "collaborator.invitation-accept": (_, detail) =>
    `accepted the invitation${to(detail("repository"))}${as(detail("role"))}`,
  "collaborator.invitation-decline": (_, detail) => `declined the invitation${to(detail("repository"))}`,
  "collaborator.invitation-change": (target, detail) =>
    `changed the role offered to ${target} to ${detail("role")}`,
  "collaborator.invitation-resend": (target) => `sent the invitation of ${target} again`,
  "collaborator.invitation-withdraw": (target, detail) =>
    `withdrew the invitation of ${target}${to(detail("repository"))}`,
  "organization.create": (target) => `created the organisation ${target}`,
  "organization.change": (target) => `changed the settings of the organisation ${target}`,
  "organization.rename": (target, detail) => `renamed the organisation ${detail("before")} to ${target}`,
  "organization.delete": (target) => `deleted the organisation ${target}`,
  "organization.invite": (target, detail) => `invited ${target} to the organisation${as(detail("role"))}`,
  "organization.invitation-accept": (_, detail) =>
    `accepted the invitation to the organisation${as(detail("role"))}`,
  "organization.invitation-decline": () => "declined the invitation to the organisation",
  "organization.invitation-resend": (target) => `sent the invitation of ${target} again`,
  "organization.invitation-withdraw": (target) => `withdrew the invitation of ${target} to the organisation`,
  "organization.leave": () => "left the organisation",
  "organization.member-role": (target, detail) =>
    `changed the role of ${target} from ${detail("before")} to ${detail("role")}`,
  "organization.member-remove": (target) => `removed ${target} from the organisation`,
  "organization.member-visibility": (target, detail) =>
    `made the membership of ${target} ${detail("isPublic") === "true" ? "public" : "private"}`,
  "organization.outside-collaborator-remove": (target) =>
    `removed the outside collaborator ${target} from every repository of the organisation`,
  "team.create": (target) => `created the team ${target}`,
  "team.change": (target) => `changed the team ${target}`,
  "team.delete": (target) => `deleted the team ${target}`,
  "team.member-set": (target, detail) => `made ${detail("user")} a ${detail("role")} of the team ${target}`,
  "team.member-remove": (target, detail) => `removed ${detail("user")} from the team ${target}`,
  "team.repository-set": (target, detail) =>
    `gave the team ${target} the ${detail("role")} role in ${detail("repository")}`,
  "team.repository-remove": (target, detail) => `took ${detail("repository")} away from the team ${target}`,
  "repository.create": (target, detail) => `created the ${detail("visibility")} repository ${target}`,
  "repository.rename": (target, detail) => `renamed the repository ${target} to ${detail("to.name")}`,
  "repository.visibility": (target, detail) =>
    `changed the visibility of the repository ${target} from ${detail("from.visibility")} to ${detail("to.visibility")}`,
  "repository.archive": (target) => `archived the repository ${target}`,
  "repository.unarchive": (target) => `unarchived the repository ${target}`,
  "repository.default-branch": (target, detail) =>
    `changed the default branch of the repository ${target} to ${detail("to.defaultBranch")}`,
  "repository.ref-namespaces": (target, detail) =>
    `changed the refs that can be pushed to the repository ${target} to ${detail("to.refNamespaces")}`,
  "repository.update": (target) => `changed the settings of the repository ${target}`,
  "repository.delete": (target) => `deleted the repository ${target}`,
  "repository.transfer": (target, detail) => `transferred the repository ${detail("from")} to ${target}`,
  "repository.transfer-offer": (target, detail) => `offered the repository ${target} to ${detail("to")}`,
  "repository.transfer-cancel": (target, detail) =>
    `withdrew the offer of the repository ${target} to ${detail("to")}`,
  "repository.transfer-decline": (target) => `declined the offer of the repository ${target}`,
  "protected_branch.create": (target) => `created the branch rule ${target}`,
  "protected_branch.update": (target) => `changed the branch rule ${target}`,
  "protected_branch.delete": (target) => `deleted the branch rule ${target}`,
  "protected_branch.bypass": (target, detail) =>
    `pushed to ${target} of ${detail("repository")} in spite of the branch rule ${detail("pattern")}`,
  "site.settings-change": (target) => `changed the settings of the site: ${target}`,
  "site.mail-retry": () => "had a mail sent again",
  "site.mail-drop": () => "dropped a mail",
  "site.dead-letter-resend": (target) => `sent a failed message of the queue ${target} again`,
  "site.dead-letter-drop": (target) => `dropped a failed message of the queue ${target}`,
  "user.suspend": (target, detail) => `suspended ${target}${because(detail("reason"))}`,
  "user.unsuspend": (target) => `ended the suspension of ${target}`,
  "user.admin-make": (target) => `made ${target} an admin of the site`,
  "user.admin-end": (target) => `removed ${target} from the admins of the site`,
  "user.reset-link": (target) => `sent ${target} a link to reset the password`,
  "user.sessions-end": (target) => `signed ${target} out of every session`,
  "user.tokens-revoke": (target) => `revoked every API token of ${target}`,
};

/** All actions that have a sentence, by name. */
export const SPOKEN_ACTIONS: readonly string[] = Object.keys(SENTENCES).toSorted();

/** Such as `ada invited bob to the organisation as owner`. */
export function describeAuditEvent(event: SpokenEvent): string {
  const detail = (path: string) => toText(path.split(".").reduce(readKey, event.details));
  const tell = Object.hasOwn(SENTENCES, event.action) ? SENTENCES[event.action] : undefined;
  const { targetKind, targetName } = event;
  const did = tell
    ? tell(targetName === "" ? "(unnamed)" : targetName, detail)
    : `did ${event.action}${targetKind === "" ? "" : ` to the ${targetKind} ${targetName}`}`;
  return `${nameActor(event)} ${did}`;
}

function nameActor({ actorName, credentialKind }: SpokenEvent): string {
  if (actorName !== "") return actorName;
  if (credentialKind === "run") return "A run";
  return credentialKind === "deploy-key" ? "A deploy key" : "Somebody not signed in";
}

const readKey = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;

function toText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(toText).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const of = (fields: string): string => (fields === "" ? "" : ` (${fields})`);
const withScopes = (scopes: string): string => (scopes === "" ? "" : ` with the scopes ${scopes}`);
const because = (reason: string): string => (reason === "" ? "" : `: ${reason}`);
