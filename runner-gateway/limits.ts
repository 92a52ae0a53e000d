// Every limit and interval of the gateway, with its unit in its name.

/** When a sandbox is gone, how long the last of what it sent may take to be read. */
export const EXIT_SETTLE_MS = 1_000;

/** How long a claim holds without being renewed; renewed well before. */
export const LEASE_MS = 10_000;
export const RENEW_INTERVAL_MS = 3_000;
/** How often the gateway looks for waiting jobs, cancellations and expired leases without being told. */
export const POLL_INTERVAL_MS = 1_000;
/** When a claim met a run that another transaction held, it looks again this soon. */
export const CONTENDED_RETRY_MS = 15;
/** Runs that are ended in one look for cancellations; the next ones are in the next. */
export const CANCELLED_RUNS_PER_LOOK = 100;
/** A job whose attempts were lost this many times has failed. */
export const ATTEMPTS_MAX = 3;
/** A gateway that stops or is restarted gives its jobs back; a job given back this often has failed. */
export const RELEASED_ATTEMPTS_MAX = 10;

/** A handover request that finds no job is answered 204 after this long, and made again. */
export const HANDOVER_WAIT_MS = 25_000;
/** A job may pass its own limit by this much before the gateway ends it in the runner's place. */
export const JOB_TIMEOUT_GRACE_MS = 30_000;

/** One line of a runner's report: 65,536 characters, each escaped to six bytes, and some for the rest. */
export const EVENT_LINE_BYTES_MAX = 512 * 1024;
/** Reported but not yet stored; above it the gateway stops reading. */
export const UNSTORED_BYTES_MAX = 1024 * 1024;
/**
 * What runners may report: of one job over all its attempts, of one run, and of all runs of an owner on one day (UTC).
 * A runner slows down long before (runner/limits.ts): the chattiest job of six hours makes about 100,000 events.
 */
export const EVENTS_PER_JOB_MAX = 300_000;
export const REPORTED_BYTES_PER_JOB_MAX = 512 * 1024 * 1024;
export const EVENTS_PER_RUN_MAX = 1_000_000;
export const REPORTED_BYTES_PER_RUN_MAX = 1024 * 1024 * 1024;
export const EVENTS_PER_OWNER_DAY_MAX = 5_000_000;
export const REPORTED_BYTES_PER_OWNER_DAY_MAX = 4 * 1024 * 1024 * 1024;
export const EVENTS_PER_WRITE_MAX = 512;
export const BYTES_PER_WRITE_MAX = 512 * 1024;
/** The runner stops a step at STEP_OUTPUT_BYTES_MAX; what a sandbox sends beyond this margin is no runner's. */
export const OUTPUT_MARGIN_BYTES = 256 * 1024;
/** A reason that a sandbox gives is cut to this. */
export const REASON_CHARACTERS_MAX = 1_000;
/** Writes of one attempt: this many at once, then one every WRITE_SPACING_MS. */
export const WRITE_BURST_MAX = 8;
export const WRITE_SPACING_MS = 50;
/** A write that the database refuses for reasons of its own is tried again for this long. */
export const WRITE_RETRY_MS = 30_000;

/** Rows that one query of a stream reads. */
export const STREAM_PAGE_EVENTS = 100;
/** Newest events of a followed run that are kept in memory for its readers. */
export const FEED_BYTES_MAX = 1024 * 1024;
export const PING_INTERVAL_MS = 15_000;
/** A reader that takes nothing for this long is dropped, to resume where it was. */
export const READER_STALL_MS = 10_000;
export const READERS_MAX = 2_000;

/** The body of a signed request; none needs more than a few bytes. */
export const SIGNED_BODY_BYTES_MAX = 64 * 1024;
/** What git may send in one request for objects. */
export const GIT_REQUEST_BYTES_MAX = 16 * 1024 * 1024;
export const GIT_IDLE_MS = 120_000;
/** How long git waits for a Worker that takes no connections, as one that is being restarted. */
export const WORKER_WAIT_MS = 20_000;
export const WORKER_RETRY_MS = 100;

/** How long a mail server may take to be reached, and to answer. The Worker waits for both. */
export const SMTP_CONNECT_MS = 4_000;
export const SMTP_IDLE_MS = 5_000;

/** Stopping in good order takes no longer than this. */
export const STOP_MS = 2_500;
/** How long a starting gateway waits for the lock of its name, which a dead one of that name may still hold. */
export const NAME_LOCK_WAIT_MS = 10_000;
