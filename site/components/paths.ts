// The addresses of the site's pages, made in one place. Every part that comes from outside is encoded,
// so that a hostile name can neither leave its place in a path nor become another scheme.

export const homePath = "/";
export const newRepositoryPath = "/new";
export const signInPath = "/login";
export const signOutPath = "/logout";
export const passkeySignInPath = "/login/passkey";
export const walletSignInPath = "/login/wallet";
export const registerByWalletPath = "/register/wallet";
/** Where who is signed in proves it again. */
export const confirmPath = "/login/confirm";

interface RepositoryName {
  owner: string;
  name: string;
}

/**
 * Slashes stay: a revision or a file's path is several segments. A lone surrogate from U+DC80 on stands for a byte that is
 * no UTF-8 (workers/git/object/entry-name.ts); others can't be encoded.
 */
const encodePath = (path: string): string =>
  path
    .split(/([\u{dc80}-\u{dcff}])/u)
    .map((part, at) => (at % 2 === 0 ? encodeText(part) : `%${(part.charCodeAt(0) & 0xff).toString(16)}`))
    .join("");

const encodeText = (text: string): string => encodeURIComponent(text.toWellFormed()).replaceAll("%2F", "/");

export const repositoryPath = ({ owner, name }: RepositoryName): string =>
  `/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;

/** The address that git clones from and pushes to. */
export const cloneUrl = (publicUrl: string, repository: RepositoryName): string =>
  `${publicUrl}${repositoryPath(repository)}.git`;

/**
 * A path at a revision.
 * @param kind `tree` for folders, `blob` for files, `raw` for a file's bytes
 * @param revision a branch or tag without `refs/…/`, or a full sha
 * @param path empty for the root
 */
export function contentPath(
  repository: RepositoryName,
  kind: "tree" | "blob" | "raw",
  revision: string,
  path = "",
): string {
  const root = `${repositoryPath(repository)}/${kind}/${encodePath(revision)}`;
  return path === "" ? root : `${root}/${encodePath(path)}`;
}

export const runsPath = (repository: RepositoryName): string => `${repositoryPath(repository)}/runs`;
export const workflowsPath = (repository: RepositoryName): string =>
  `${repositoryPath(repository)}/workflows`;

/** A page of a repository's settings; the first of them without a word. */
export const settingsPath = (
  repository: RepositoryName,
  page: "" | "access" | "branches" | "keys" = "",
): string => `${repositoryPath(repository)}/settings${page === "" ? "" : `/${page}`}`;

export const runPath = (repository: RepositoryName, number: number): string =>
  `${runsPath(repository)}/${number}`;

export const cancelRunPath = (repository: RepositoryName, number: number): string =>
  `${runPath(repository, number)}/cancel`;

/** A job's whole output as plain text. */
export const jobLogPath = (repository: RepositoryName, number: number, jobId: number): string =>
  `${runPath(repository, number)}/jobs/${jobId}/log`;

export const importsPath = (repository: RepositoryName): string => `${repositoryPath(repository)}/imports`;

export const importPath = (repository: RepositoryName, id: number): string =>
  `${importsPath(repository)}/${id}`;

export const importStreamPath = (repository: RepositoryName, id: number): string =>
  `/api${importPath(repository, id)}/stream`;

export const runStreamPath = (runId: number): string => `/api/runs/${runId}/stream`;
