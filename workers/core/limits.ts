// Every limit of the Worker, with its unit in its name. Each has a test at the limit and one past it.
// Those of the git engine are in workers/git/limits.ts.

/** How long a transaction waits for a session of the database, and for the answer to one of its statements. */
export const DATABASE_SESSION_WAIT_MS = 10_000;
export const DATABASE_ANSWER_WAIT_MS = 30_000;

/** A JSON or form body. */
export const REQUEST_BODY_BYTES_MAX = 1024 * 1024;
/** An address, its query with it, as it is sent: room for the longest path of git's, every byte of it escaped. */
export const REQUEST_ADDRESS_CHARACTERS_MAX = 16 * 1024;
/** The names and values of all headers. */
export const REQUEST_HEADERS_CHARACTERS_MAX = 32 * 1024;
/** How long a browser may keep the answer to a preflight. */
export const PREFLIGHT_KEPT_SECONDS = 24 * 60 * 60;
/** How long a browser keeps to https once it has been here. */
export const HTTPS_ONLY_SECONDS = 2 * 365 * 24 * 60 * 60;
/** Entries of one page of any list. */
export const PAGE_ENTRIES_MAX = 100;
export const PAGE_ENTRIES_DEFAULT = 30;

/** A browser session that isn't used for this long ends. */
export const SESSION_IDLE_MS = 14 * 24 * 60 * 60 * 1000;
/** A browser session ends after this long, used or not. */
export const SESSION_LIFETIME_MS = 90 * 24 * 60 * 60 * 1000;
/** Who proved who they are this long ago is asked again before anything dangerous. */
export const RECENT_PROOF_MS = 60 * 60 * 1000;
/** A nonce or a challenge is good for this long, and so is the ticket of a wallet without an account. */
export const CHALLENGE_LIFETIME_MS = 10 * 60 * 1000;
/** Wallets of one account, and passkeys of one account; and what one of them may be called. */
export const CREDENTIALS_PER_KIND_MAX = 20;
export const CREDENTIAL_NAME_CHARACTERS_MAX = 60;
/** A wallet's signature; one of a contract wallet that isn't deployed yet brings along how to deploy it. */
export const WALLET_SIGNATURE_BYTES_MAX = 16 * 1024;
/** How long an Ethereum node may take to answer one question. */
export const ETHEREUM_NODE_TIMEOUT_MS = 10_000;

/** One definition file. */
export const DEFINITION_BYTES_MAX = 256 * 1024;
/** The pieces, keys, levels, and anchors, aliases and tags together, of one definition file. */
export const DEFINITION_TOKENS_MAX = 100_000;
export const DEFINITION_KEYS_MAX = 10_000;
export const DEFINITION_DEPTH_MAX = 32;
export const DEFINITION_ALIASES_MAX = 1_000;
/** One definition file with its aliases replaced, and the workflow's environment in all its jobs. */
export const DEFINITION_EXPANDED_CHARACTERS_MAX = 1024 * 1024;
/** What is said about a definition. */
export const DEFINITION_MESSAGE_CHARACTERS_MAX = 500;
/** A pattern of `branches` or `tags`, and the patterns of one list. */
export const FILTER_PATTERN_CHARACTERS_MAX = 1_024;
export const FILTER_PATTERNS_MAX = 100;
/** Definition files of one commit, and their bytes together. */
export const DEFINITIONS_PER_COMMIT_MAX = 100;
export const DEFINITION_BYTES_PER_COMMIT_MAX = 2 * 1024 * 1024;
/** The name of a workflow, a job or a step. */
export const WORKFLOW_NAME_CHARACTERS_MAX = 300;
export const JOBS_PER_WORKFLOW_MAX = 100;
/** What all jobs of one workflow need, added up. */
export const NEEDS_PER_WORKFLOW_MAX = 1_000;
export const STEPS_PER_JOB_MAX = 200;
/** How long a step or a job may be allowed to run. */
export const TIMEOUT_MINUTES_MAX = 360;
export const TIMEOUT_MINUTES_DEFAULT = 60;
/** Refs of one push that may start runs, and commits with different definitions among them. */
export const PLANNED_REFS_PER_PUSH_MAX = 1_000;
export const PLANNED_FOLDERS_PER_PUSH_MAX = 50;
/** What one push has parsed that no push had before, in bytes and in time; the next push goes on. */
export const PARSED_BYTES_PER_PUSH_MAX = 2 * 1024 * 1024;
export const PARSING_PER_PUSH_MS = 3_000;
/** What matching the refs of one push may cost: characters of names times tokens of patterns. */
export const FILTER_STEPS_PER_PUSH_MAX = 50_000_000;
/** Lines about definitions that a pusher is told. */
export const DEFINITION_LINES_PER_PUSH_MAX = 50;
/** Plans of all runs that one push starts, as JSON. */
export const PLAN_CHARACTERS_PER_PUSH_MAX = 8 * 1024 * 1024;
/** Runs that one push may start. */
export const RUNS_PER_PUSH_MAX = 50;

/**
 * A bundle or pack that is imported. The push limit; indexing it takes one call of the queue's consumer, whose CPU
 * limit (wrangler.toml) is what bounds it: see workers/imports/README.md for the measured throughput.
 */
export const IMPORT_BYTES_MAX = 2 * 1024 ** 3;
/** A part of an import, but for the last, which may be shorter than the least. */
export const IMPORT_PART_BYTES_MIN = 1024 ** 2;
export const IMPORT_PART_BYTES_MAX = 64 * 1024 ** 2;
export const IMPORT_PART_BYTES_DEFAULT = 32 * 1024 ** 2;
/** Parts of one import: one page of R2's listing. */
export const IMPORT_PARTS_MAX = 1000;
/** Refs that are declared for a pack; a bundle says its own, as many as a push may move. */
export const IMPORT_REFS_MAX = 5_000;
/** Imports of one repository that have not ended. */
export const IMPORTS_PER_REPOSITORY_MAX = 3;
/** An upload that gets no part for this long is given up. */
export const IMPORT_IDLE_MS = 24 * 60 * 60 * 1000;
/**
 * Who indexes an import and isn't heard of for this long has lost it. They are heard of much more often, but for the
 * stretches in which a large pack's tables are worked at without a pause.
 */
export const IMPORT_LEASE_MS = 12_000;
export const IMPORT_LEASE_MS_PER_GIB = 120_000;
export const IMPORT_HEARTBEAT_MS = 2_000;
/**
 * What one call of the queue's consumer indexes of an import, in bytes made of the pack's and in objects: some ten seconds of
 * work, and at most half a minute on a slow machine. What it has done is then put aside for the next call.
 */
export const IMPORT_SLICE_INFLATED_BYTES = 2 * 1024 ** 3;
export const IMPORT_SLICE_OBJECTS = 250_000;
/** How often a slice of an import is begun before the import counts as failed. */
export const IMPORT_ATTEMPTS_MAX = 5;
/** How often whoever watches an import is told of it, if anything has changed. */
export const IMPORT_WATCH_MS = 500;
/** Imports that a repository's page lists. */
export const IMPORTS_LISTED_MAX = 50;
/** Names of refs that an import's result lists as left out. */
export const IMPORT_SKIPPED_NAMES_MAX = 20;
/** Ended or idle imports that one sweep of the clock looks at. */
export const IMPORTS_PER_SWEEP_MAX = 50;

/** Runs shown beside a commit. */
export const RUNS_PER_COMMIT_MAX = 20;

/** Events sent by one query of a stream that the Worker serves itself. */
export const STREAM_EVENTS_PER_QUERY_MAX = 500;
/** How long the Worker itself follows a run before its reader has to ask again. */
export const STREAM_FALLBACK_MS = 20_000;
/** Events of one page of a job's plain log. */
export const LOG_EVENTS_PER_QUERY_MAX = 200;
/** What a run's page shows of each step's log: at most the last of its events and of its characters. */
export const SHOWN_LOG_EVENTS_MAX = 400;
export const SHOWN_LOG_CHARACTERS_MAX = 64 * 1024;
/** A file shown as text on a page; a larger one is offered raw. */
export const SHOWN_FILE_BYTES_MAX = 512 * 1024;
/** Outbox rows sent in one sweep: as many as a queue takes at once. */
export const OUTBOX_ROWS_PER_SWEEP_MAX = 100;
/** How often an event is tried before it is given up, some six hours in all, and the wait after the first and the later attempts. */
export const OUTBOX_ATTEMPTS_MAX = 16;
export const OUTBOX_RETRY_MS_MIN = 5_000;
export const OUTBOX_RETRY_MS_MAX = 60 * 60 * 1000;
/** How long one part of the clock's work may hold up the next. */
export const CLOCK_PART_MS = 60_000;

/** How long one part may take to answer a health check, and how long the answer is kept. */
export const HEALTH_TIMEOUT_MS = 3_000;
export const HEALTH_KEPT_MS = 2_000;

/** Branches, and tags, offered to choose from on a page. */
export const SHOWN_REFS_MAX = 200;
/** Entries of a folder on a page. */
export const SHOWN_TREE_ENTRIES_MAX = 1_000;
/** A path that a page shows: git's longest on most systems, and folders within each other, far more than people make. */
export const SHOWN_PATH_BYTES_MAX = 4096;
export const PATH_DEPTH_MAX = 256;
/** What is read of folders to find what is at one path. */
export const PATH_TREE_BYTES_MAX = 64 * 1024 * 1024;
/** Paths and names in the links of one folder's page; entries past them aren't listed. */
export const SHOWN_ENTRY_LINKS_BYTES_MAX = 1024 * 1024;
/** A raw file that is held whole; a larger one is streamed. */
export const RAW_FILE_HELD_BYTES_MAX = 16 * 1024 * 1024;

/** What an actor, a token or an address may ask within a time (workers/rate-limits/). Others keep within these too. */
export interface RateRule {
  /** Begins the keys of what it limits. */
  name: string;
  requestsMax: number;
  perMs: number;
}

const HOUR_MS = 60 * 60_000;
const MINUTE_MS = 60_000;

/** The API: with one credential, of one account with all its credentials, and of an address without any. */
export const API_PER_CREDENTIAL: RateRule = { name: "api-credential", requestsMax: 5_000, perMs: HOUR_MS };
export const API_PER_ACCOUNT: RateRule = { name: "api-account", requestsMax: 15_000, perMs: HOUR_MS };
export const API_PER_ADDRESS: RateRule = { name: "api-address", requestsMax: 60, perMs: HOUR_MS };
/** Searches: each costs more than most requests. */
export const SEARCH_PER_CREDENTIAL: RateRule = {
  name: "search-credential",
  requestsMax: 30,
  perMs: MINUTE_MS,
};
export const SEARCH_PER_ACCOUNT: RateRule = { name: "search-account", requestsMax: 60, perMs: MINUTE_MS };
export const SEARCH_PER_ADDRESS: RateRule = { name: "search-address", requestsMax: 10, perMs: MINUTE_MS };
/** Git: a clone, fetch or push is two to four requests. */
export const GIT_PER_CREDENTIAL: RateRule = { name: "git-credential", requestsMax: 6_000, perMs: HOUR_MS };
export const GIT_PER_ACCOUNT: RateRule = { name: "git-account", requestsMax: 12_000, perMs: HOUR_MS };
export const GIT_PER_ADDRESS: RateRule = { name: "git-address", requestsMax: 1_200, perMs: HOUR_MS };
/** Pages. */
export const PAGES_PER_CREDENTIAL: RateRule = {
  name: "page-credential",
  requestsMax: 600,
  perMs: 5 * MINUTE_MS,
};
export const PAGES_PER_ACCOUNT: RateRule = { name: "page-account", requestsMax: 1_200, perMs: 5 * MINUTE_MS };
export const PAGES_PER_ADDRESS: RateRule = { name: "page-address", requestsMax: 300, perMs: 5 * MINUTE_MS };
/** API tokens, deploy keys and SSH keys that one account makes. */
export const CREDENTIALS_PER_ACCOUNT: RateRule = { name: "credentials", requestsMax: 60, perMs: HOUR_MS };
/** API tokens of one account that have not ended, what one may be called, and how many repositories it may list. */
export const TOKENS_PER_ACCOUNT_MAX = 100;
export const TOKEN_NAME_CHARACTERS_MAX = 100;
export const TOKEN_REPOSITORIES_MAX = 100;
/** How long an API token may be good, unless it never ends. */
export const TOKEN_LIFETIME_DAYS_MAX = 366;
/** SSH keys of one account, deploy keys of one repository, and the text of one key. */
export const SSH_KEYS_PER_ACCOUNT_MAX = 100;
export const DEPLOY_KEYS_PER_REPOSITORY_MAX = 100;
export const SSH_KEY_CHARACTERS_MAX = 16 * 1024;
/** Why an admin shut somebody out. */
export const SUSPENSION_REASON_CHARACTERS_MAX = 300;
/** What is kept of why a message of a queue wasn't done. */
export const FAILURE_CHARACTERS_MAX = 500;
/** Events of one page of the audit log. */
export const AUDIT_EVENTS_PER_PAGE_MAX = 50;
/** Questions of an address whether a token has leaked. */
export const TOKEN_CHECKS_PER_ADDRESS: RateRule = { name: "token-check", requestsMax: 60, perMs: MINUTE_MS };

/** Bad tokens of one address before it is told to wait: each costs a question, and nobody guesses one. */
export const BAD_TOKENS_PER_ADDRESS: RateRule = { name: "bad-token", requestsMax: 30, perMs: 5 * MINUTE_MS };
/** A form or token that a browser left for its next request: how long it is kept, and how much of it. */
export const KEPT_TEXT_LIFETIME_MS = 10 * MINUTE_MS;
export const KEPT_TEXT_CHARACTERS_MAX = 100_000;
/** The same form sent again within this time leads where it led; and how long the first may take until another acts. */
export const FORM_ANSWERED_AGAIN_MS = 2 * MINUTE_MS;
export const FORM_BEING_ANSWERED_MS = 30_000;
/** How long the second of two waits for the first one's answer. */
export const FORM_ANSWER_WAIT_MS = 10_000;
/** Hops of `X-Forwarded-For` that are looked at, from the nearest on. */
export const FORWARDED_HOPS_MAX = 20;
/** Rows of past limits that one strike of the clock removes. */
export const LIMITS_PER_SWEEP_MAX = 10_000;

/** What the shields of wrangler.toml count by; Cloudflare knows 10 s and 60 s. */
export const SHIELD_PERIOD_MS = MINUTE_MS;
/** Tries to sign in, of one address whatever the way, and by one account's password from one address or known browser. */
export const SIGN_IN_PER_ADDRESS: RateRule = { name: "sign-in-address", requestsMax: 60, perMs: 15 * 60_000 };
export const SIGN_IN_PER_ACCOUNT: RateRule = { name: "sign-in-account", requestsMax: 20, perMs: 15 * 60_000 };

/** Wrong passwords of one address, whatever the accounts, that lock nothing yet. */
export const ADDRESS_FAILURES_BEFORE_LOCK_MAX = 20;
/** Wrong passwords for one account, whoever tried, after which unknown browsers are asked for a second proof; how long. */
export const ACCOUNT_FAILURES_BEFORE_PROOF_MAX = 20;
export const ACCOUNT_PROOF_MS_MIN = 15 * 60_000;
export const ACCOUNT_PROOF_MS_MAX = 60 * 60_000;
/** Links for that second proof that one account is mailed. */
export const SECOND_PROOFS_PER_ACCOUNT: RateRule = {
  name: "second-proof",
  requestsMax: 10,
  perMs: 60 * 60_000,
};
/** Sessions a browser remembers to have had, and for how long. */
export const KNOWN_ACCOUNTS_PER_BROWSER_MAX = 5;
export const KNOWN_BROWSER_LIFETIME_MS = 365 * 24 * 60 * 60_000;

/** Failures in a row that lock nothing yet. */
export const FAILURES_BEFORE_LOCK_MAX = 5;
/** The first lock, and the longest: each failure doubles it. */
export const LOCK_MS_MIN = 60_000;
export const LOCK_MS_MAX = 15 * 60_000;
/** Failures are forgotten this long after the last of them. */
export const FAILURES_FORGOTTEN_MS = 60 * 60_000;

/** An invitation that nobody takes ends. */
export const INVITATION_LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;
/** Open invitations to one organisation, and to one repository. */
export const INVITATIONS_OPEN_MAX = 200;
/** How deep teams lie within each other, the uppermost counted. */
export const TEAM_LEVELS_MAX = 8;
export const TEAMS_PER_ORGANIZATION_MAX = 1_000;

/** How long it is believed of the gateway that it sends mail, or that it doesn't; and that it didn't answer. */
export const MAIL_ROUTE_KEPT_MS = 60_000;
export const MAIL_ROUTE_UNKNOWN_KEPT_MS = 5_000;
/** How often a mail is tried before it is given up, and the wait after the first and after the later attempts. */
export const MAIL_ATTEMPTS_MAX = 10;
export const MAIL_RETRY_SECONDS_MIN = 15;
export const MAIL_RETRY_SECONDS_MAX = 60 * 60;
/** How long whoever delivers a mail may take; shorter than the first wait. */
export const MAIL_DELIVERY_MS = 10_000;
/** Overdue mails that one strike of the clock sends to the queue again. */
export const MAILS_PER_SWEEP_MAX = 100;
/** How long the links in mails are good. */
export const ACTIVATION_LIFETIME_MS = 24 * 60 * 60 * 1000;
export const EMAIL_SIGN_IN_LIFETIME_MS = 15 * 60 * 1000;
export const RESET_LIFETIME_MS = 60 * 60 * 1000;
export const VERIFICATION_LIFETIME_MS = 24 * 60 * 60 * 1000;
/** A mail without a link is still worth sending this long after what it tells of. */
export const NEWS_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** How often something may be said of a commit in one context, by the API. */
export const STATUSES_PER_CONTEXT_MAX = 1000;

/** Passwords that one isolate hashes at once, at 16 MiB each, and how many more wait for it. */
export const PASSWORD_HASHES_AT_ONCE_MAX = 2;
export const PASSWORD_HASHES_WAITING_MAX = 30;
/** Mails of one kind that one recipient may be sent at one asker's wish, and at all askers' together; and of one client. */
export const MAIL_PER_ASKER: RateRule = { name: "mail-asker", requestsMax: 5, perMs: 60 * 60_000 };
export const MAIL_PER_RECIPIENT: RateRule = { name: "mail-recipient", requestsMax: 20, perMs: 60 * 60_000 };
export const MAIL_PER_CLIENT: RateRule = { name: "mail-client", requestsMax: 30, perMs: 60 * 60_000 };
/** Email addresses of one account, verified or not. */
export const EMAILS_PER_ACCOUNT_MAX = 10;
/** Changes of an account's name. */
export const RENAMES_PER_ACCOUNT: RateRule = { name: "rename", requestsMax: 3, perMs: 24 * 60 * 60_000 };
/** Rules for the branches of one repository, and what one of them may list. */
export const BRANCH_RULES_MAX = 100;
export const REQUIRED_CONTEXTS_MAX = 100;
export const PROTECTED_PATHS_MAX = 100;
export const REQUIRED_APPROVALS_MAX = 6;
/** What is said of a repository in its own words. */
export const DESCRIPTION_CHARACTERS_MAX = 350;
/** How long what pages show of the site's settings may be out of date. */
export const SITE_SETTINGS_KEPT_MS = 5_000;
export const SITE_NAME_CHARACTERS_MAX = 40;
export const SITE_BANNER_CHARACTERS_MAX = 300;
/** Domains with whose addresses one may register, where not any will do. */
export const REGISTRATION_DOMAINS_MAX = 50;
/** How long the audit log may be set to be kept; the database itself refuses less than the least. */
export const AUDIT_RETENTION_DAYS_MIN = 90;
export const AUDIT_RETENTION_DAYS_MAX = 3_650;

/** How long nobody gets the name of an account that was deleted. */
export const NAME_RESERVED_MS = 90 * 24 * 60 * 60 * 1000;
/** Repositories that go along with their owner's account. */
export const REPOSITORIES_DELETED_ALONG_MAX = 100;
/** Invitations mailed to one address, and by one person, first ones and later ones alike. */
export const INVITATION_MAILS_PER_ADDRESS: RateRule = {
  name: "invitation-address",
  requestsMax: 5,
  perMs: 24 * HOUR_MS,
};
export const INVITATION_MAILS_PER_INVITER: RateRule = {
  name: "invitation-inviter",
  requestsMax: 50,
  perMs: HOUR_MS,
};
/** An offer of a repository that its recipient leaves open ends; and how many one person makes. */
export const TRANSFER_LIFETIME_MS = 7 * 24 * HOUR_MS;
export const TRANSFERS_PER_REQUESTER: RateRule = { name: "transfer", requestsMax: 20, perMs: HOUR_MS };
