// The "name <email> seconds zone" of author, committer and tagger lines (git-commit-tree, "COMMIT INFORMATION"), read
// as git's split_ident_line reads them: of old and damaged lines as much as there is.

export interface Ident {
  readonly name: string;
  readonly email: string;
  /** Seconds since 1970; null where there is none, or one that no calendar has (git takes only digits). */
  readonly timeSeconds: number | null;
  /** Minutes east of UTC; 0 where the zone is missing or impossible. */
  readonly zoneMinutes: number;
}

/** The last second of the year 9999, after which dates have no form that everybody reads. */
const LAST_TIME_SECONDS = 253_402_300_799;
/** No place is as far from Greenwich as this. */
const ZONE_LIMIT_MINUTES = 24 * 60;
const DIGITS_MAX = 40;
const DATE_PATTERN = /^[ \t]*(\d+)(?:[ \t]*([+-]\d+))?/;

/** Reads an ident. Whatever the line holds, there is one. */
export function parseIdent(line: string): Ident {
  const emailAt = line.indexOf("<");
  if (emailAt < 0) return { name: line.trim(), email: "", timeSeconds: null, zoneMinutes: 0 };
  const emailEnd = line.indexOf(">", emailAt);
  return {
    name: line.slice(0, emailAt).trim(),
    email: line.slice(emailAt + 1, emailEnd < 0 ? line.length : emailEnd),
    ...parseDate(line, line.lastIndexOf(">")),
  };
}

/** What stands behind the last ">": an email may hold one itself. */
function parseDate(line: string, emailEnd: number): Pick<Ident, "timeSeconds" | "zoneMinutes"> {
  const match = emailEnd < 0 ? null : DATE_PATTERN.exec(line.slice(emailEnd + 1));
  const date = match?.[1] ?? "";
  const seconds = Number(date);
  if (date === "" || date.length > DIGITS_MAX || seconds > LAST_TIME_SECONDS) {
    return { timeSeconds: null, zoneMinutes: 0 };
  }
  return { timeSeconds: seconds, zoneMinutes: parseZone(match?.[2] ?? "") };
}

/** The last two digits are minutes, however many there are before them. */
function parseZone(zone: string): number {
  const match = /^([+-])(\d{0,6}?)(\d{1,2})$/.exec(zone);
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  if (minutes >= ZONE_LIMIT_MINUTES) return 0;
  return match[1] === "-" ? 0 - minutes : minutes;
}
