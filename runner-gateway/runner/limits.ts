// What a runner allows and how long it waits. The gateway holds a sandbox to the first two by itself.

/** A step that prints more is stopped. */
export const STEP_OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
/** A job that prints more, all its steps together, is stopped. */
export const JOB_OUTPUT_BYTES_MAX = 128 * 1024 * 1024;

/** The text of one event. */
export const LOG_EVENT_BYTES_MAX = 32 * 1024;
/** Output is gathered for this long after an event of it, so that a chatty step makes few events. */
export const OUTPUT_SPACING_MS = 25;
/** Pieces of output in one such event's time: a step that prints to both streams in turn makes no more. */
export const PIECES_PER_SEND_MAX = 32;
/** A job that has reported this many events reports the rest of its output less often, in fewer pieces. */
export const QUICK_EVENTS_MAX = 50_000;
export const SLOW_OUTPUT_SPACING_MS = 1_000;
export const SLOW_PIECES_PER_SEND_MAX = 2;
/** Events that are not acknowledged; above it a step's output is not read, so the step waits. */
export const UNACKNOWLEDGED_BYTES_MAX = 1024 * 1024;

/** From SIGTERM to SIGKILL. */
export const KILL_GRACE_MS = 2_000;
/** After a step's first process ended, how long its pipes may stay open in the hands of what can't be killed. */
export const PIPE_LINGER_MS = 1_000;

/** Tries to fetch the commit when the forge refuses it or its pack is bad. */
export const FETCH_TRIES_MAX = 3;
/** How long a forge that is away, or answers that it can't now, is waited for. */
export const FETCH_PATIENCE_MS = 120_000;
export const FETCH_RETRY_FIRST_MS = 300;
export const FETCH_RETRY_LONGEST_MS = 3_000;

/** Waits between tries to reach the gateway. */
export const RETRY_FIRST_MS = 50;
export const RETRY_LONGEST_MS = 2_000;

/** One line of the gateway's answer. */
export const ANSWER_LINE_BYTES_MAX = 64 * 1024;
/** GITHUB_ENV and GITHUB_PATH, each. */
export const ENVIRONMENT_FILE_BYTES_MAX = 1024 * 1024;
