// Five-field cron expressions as Cloudflare's triggers take them, in UTC, and a clock that fires by them.

const fieldRanges = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12 },
  { name: "day of week", min: 1, max: 7 },
] as const;

const minuteMs = 60_000;

/** Whether `at` (its UTC minute) matches. @throws Error when the expression isn't understood. */
export function matchesCron(expression: string, at: Date): boolean {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== fieldRanges.length) throw new Error(`Not a cron expression: ${expression}`);
  // Cloudflare counts days of the week from Sunday = 1.
  const values = [
    at.getUTCMinutes(),
    at.getUTCHours(),
    at.getUTCDate(),
    at.getUTCMonth() + 1,
    at.getUTCDay() + 1,
  ];
  return fieldRanges.every((range, n) =>
    (fields[n] ?? "").split(",").some((part) => matchesPart(part, values[n] ?? -1, range, expression)),
  );
}

function matchesPart(
  part: string,
  value: number,
  range: { name: string; min: number; max: number },
  expression: string,
): boolean {
  const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
  if (match === null) throw new Error(`Not understood in the ${range.name} of ${expression}: ${part}`);
  const [, first, last, step] = match;
  const from = first === undefined ? range.min : Number(first);
  const openEnded = first === undefined || (last === undefined && step !== undefined);
  const to = last !== undefined ? Number(last) : openEnded ? range.max : from;
  if (from < range.min || to > range.max || from > to || step === "0") {
    throw new Error(`Out of range in the ${range.name} of ${expression}: ${part}`);
  }
  return value >= from && value <= to && (value - from) % Number(step ?? 1) === 0;
}

/**
 * Calls `fire` at the start of each minute that an expression matches, until the returned function is called.
 * @param expressions all are checked at once, so that a mistake shows at the start.
 */
export function startCron(expressions: string[], fire: (expression: string, at: Date) => void): () => void {
  for (const expression of expressions) matchesCron(expression, new Date());
  let timer: NodeJS.Timeout;
  const schedule = (): void => {
    const nextMs = Math.floor(Date.now() / minuteMs + 1) * minuteMs;
    timer = setTimeout(() => {
      const at = new Date(nextMs);
      for (const expression of expressions) if (matchesCron(expression, at)) fire(expression, at);
      schedule();
    }, nextMs - Date.now());
  };
  schedule();
  return () => clearTimeout(timer);
}
