// The token in an Authorization header, however clients send it.
import { ForgeError } from "../core/errors.ts";

/** The token of an Authorization header: `Bearer`, `token`, or the password of `Basic`. */
export function readToken(header: string | undefined): string | undefined {
  const match = /^(bearer|token|basic) +(\S+) *$/i.exec(header ?? "");
  if (!match?.[1] || !match[2]) return undefined;
  return match[1].toLowerCase() === "basic" ? readBasicPassword(match[2]) : match[2];
}

function readBasicPassword(encoded: string): string | undefined {
  try {
    const decoded = atob(encoded);
    const colon = decoded.indexOf(":");
    if (colon < 0) return undefined;
    // `https://TOKEN@host` sends the token as the user name and no password.
    return decoded.slice(colon + 1) || decoded.slice(0, colon);
  } catch (cause) {
    throw new ForgeError("unauthorized", "The Authorization header isn't valid base64.", { cause });
  }
}
