// Times as GitHub's REST v3 writes them: whole seconds of UTC, `2026-11-21T08:00:00Z`.

/** The time with what is below a second cut off. */
export const formatTime = (time: Date): string => `${time.toISOString().slice(0, -".000Z".length)}Z`;

/** As `formatTime`; null stays null. */
export const formatTimeOrNull = (time: Date | null): string | null => time && formatTime(time);
