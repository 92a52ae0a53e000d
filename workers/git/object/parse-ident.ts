// The "name <email> seconds zone" of author, committer and tagger lines (git-commit-tree, "COMMIT INFORMATION").

export interface Ident {
  readonly name: string;
  readonly email: string;
  /** Seconds since 1970. */
  readonly timeSeconds: number;
  /** Minutes east of UTC. */
  readonly zoneMinutes: number;
}

const IDENT_PATTERN = /^([^<>]*)<([^<>]*)> ?(\d+)? ?([+-]\d{4})?/;

/** Reads an ident as leniently as git's own log does: what is missing is empty or 0. */
export function parseIdent(line: string): Ident {
  const match = IDENT_PATTERN.exec(line);
  if (match === null) return { name: line.trim(), email: "", timeSeconds: 0, zoneMinutes: 0 };
  const zone = match[4] ?? "+0000";
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5));
  return {
    name: match[1]!.trim(),
    email: match[2]!,
    timeSeconds: Math.min(Number(match[3] ?? 0), Number.MAX_SAFE_INTEGER),
    zoneMinutes: zone.startsWith("-") ? -minutes : minutes,
  };
}
