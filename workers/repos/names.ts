// What a repository, a person or an organisation may be called. Pure.

// First path words of the site and the API, and what git's own addresses end in.
const RESERVED_NAMES = new Set([".", "..", "repos", "runs", "sessions", "v3", "-"]);
const NAME_SHAPE = /^[A-Za-z0-9._-]{1,100}$/;

/** Why `name` can't be a repository's name, or undefined when it can. */
export function findNameProblem(name: string): string | undefined {
  if (name === "") return "A repository needs a name.";
  if (name.length > 100) return "A repository's name has at most 100 characters.";
  if (!NAME_SHAPE.test(name)) return "A repository's name has letters, digits, `.`, `-` and `_` only.";
  if (RESERVED_NAMES.has(name.toLowerCase())) return `The name ${name} is reserved.`;
  if (/\.(git|lock|wiki)$/i.test(name)) return "A repository's name can't end in .git, .lock or .wiki.";
  return undefined;
}

// First words of the site's and the API's addresses, those kept for later, and names that seem to speak for Plue.
const RESERVED_OWNERS = new Set(
  `about abuse account accounts activate admin administrator all anonymous api apps archive assets audit auth billing
  blog bot changes cli collections contact customer dashboard dev docs download emails enterprise events everyone
  explore features feed files forgot ghost git graphql groups health help home hooks host hosting import imports index
  info internal invitations invite invites issues jobs join keys landing legal link local localhost login logout mail
  members merge mirror new news none nobody notifications null oauth official once operations org organization
  organizations orgs owner owners packages pages passkeys password pricing privacy profile projects public
  pull pulls raw register releases render repo repos repositories reset robots root runs search security sessions
  settings setup shop sign-in sign-out sign-up signin signout signup site site-admin sitemap sponsors staff star stars static
  status stream support system team teams terms token tokens topics trending undefined uploads user username users v1
  v2 v3 v4 verify wallets watching webhooks webmaster wiki workflows www`.split(/\s+/),
);
const OWNER_SHAPE = /^[A-Za-z0-9](-?[A-Za-z0-9])*$/;
const OWNER_CHARACTERS_MAX = 39;

/**
 * Why `name` can't be what a person or an organisation is called, or undefined when it can. Whether somebody has it,
 * or one that looks the same, is for `findTakenName` (owner-names.ts).
 */
export function findOwnerNameProblem(name: string): string | undefined {
  if (name === "") return "An account needs a name.";
  if (name.length > OWNER_CHARACTERS_MAX) {
    return `An account's name has at most ${OWNER_CHARACTERS_MAX} characters.`;
  }
  if (!OWNER_SHAPE.test(name)) {
    return "An account's name has letters and digits only, and single hyphens between them.";
  }
  const skeleton = toSkeleton(name);
  for (const word of RESERVED_OWNERS) {
    if (name.toLowerCase() === word) return `The name ${name} is reserved.`;
    if (word.length > 3 && toSkeleton(word) === skeleton)
      return `The name ${name} looks like a reserved one.`;
  }
  return undefined;
}

/** What a name looks like: two names that may be taken for each other have the same. As `skeletonOf` does in SQL. */
export function toSkeleton(name: string): string {
  return name
    .toLowerCase()
    .replaceAll("-", "")
    .replaceAll("rn", "m")
    .replaceAll("vv", "w")
    .replaceAll("0", "o")
    .replaceAll(/[1i]/g, "l");
}
