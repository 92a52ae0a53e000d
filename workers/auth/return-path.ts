// Where to go back to after signing in, as an address names it. Invariant: whatever is given, what comes out is a path
// of this site, so that a link to the sign-in page can't lead elsewhere.

const RETURN_PATH_CHARACTERS_MAX = 2_000;
// Begins with one slash, then printable ASCII without the backslash: browsers drop tabs and line ends from an address,
// and read a backslash as a slash.
const PLAIN = /^\/(?!\/)[!-[\]-~]*$/;

/**
 * The path (with query, without fragment) of `given`, or `/` when it isn't plainly one of this site.
 * @param given the value of `return_to`, from a query or a form
 */
export function readReturnPath(given: unknown): string {
  if (typeof given !== "string" || given.length > RETURN_PATH_CHARACTERS_MAX) return "/";
  if (!PLAIN.test(given)) return "/";
  const base = "http://plue.invalid";
  const url = URL.parse(given, base);
  if (url === null || url.origin !== base || url.username !== "" || url.pathname.startsWith("//")) return "/";
  return `${url.pathname}${url.search}`;
}
