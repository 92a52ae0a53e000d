// The permission of every route that doesn't say its own as `x-permission`: pages, git, what the gateway calls, and the
// API's older routes. The first line that fits a route is its permission; a route that none fits fails the test beside.
import type {
  AccountAction,
  OrganizationAction,
  RepositoryAction,
  SiteAction,
  TeamAction,
} from "./permissions.ts";

/**
 * `public`: for everybody; `link`: for who has the secret in the address; `signed-in`: for people, about themselves;
 * `gateway`: for who has the gateway's secret. All else is judged by `can`.
 */
type RoutePermission =
  | "public"
  | "link"
  | "signed-in"
  | "gateway"
  | RepositoryAction
  | AccountAction
  | OrganizationAction
  | TeamAction
  | SiteAction;

/** `method` is any where it is `*`; `path` is the beginning of a route's, as it stands in the code. */
interface Line {
  method: string;
  path: string;
  permission: RoutePermission;
}

const on = (method: string, path: string, permission: RoutePermission): Line => ({
  method,
  path,
  permission,
});

const LINES: readonly Line[] = [
  on("*", "/assets/", "public"),
  on("*", "/internal/", "gateway"),

  on("GET", "/api/health", "public"),
  on("GET", "/api/openapi.json", "public"),
  on("GET", "/api/v3/rate_limit", "public"),
  on("POST", "/api/tokens/check", "public"),
  on("*", "/api/user/tokens", "account.credentials"),
  on("GET", "/api/v3/user/repos", "signed-in"),
  on("POST", "/api/v3/user/repos", "account.create-repository"),
  on("GET", "/api/repos/:owner/:repo/runs", "repository.read"),
  on("GET", "/api/runs/", "repository.read"),
  on("POST", "/api/runs/:id/cancel", "run.cancel"),
  on("GET", "/api/:owner/:repo/import", "repository.read"),
  on("*", "/api/:owner/:repo/import", "repository.write"),

  on("GET", "/:owner/:repository/info/refs", "repository.read"),
  on("POST", "/:owner/:repository/git-upload-pack", "repository.read"),
  on("POST", "/:owner/:repository/git-receive-pack", "repository.write"),
  on("GET", "/:owner/:repository/bundles/", "repository.read"),

  on("*", "/login/confirm", "signed-in"),
  on("*", "/login", "public"),
  on("POST", "/logout", "public"),
  on("*", "/register", "public"),
  on("*", "/activate/", "link"),
  on("*", "/reset", "public"),
  on("*", "/verify/", "link"),
  on("*", "/invitations/", "link"),
  on("*", "/settings", "signed-in"),
  on("*", "/site-admin", "site.administer"),
  on("*", "/organizations/new", "account.create-organization"),
  on("GET", "/orgs/:org/people", "organization.read"),
  on("POST", "/orgs/:org/people", "organization.administer"),
  on("POST", "/orgs/:org/teams/:team", "team.read"),
  on("GET", "/orgs/:org/teams/:team", "team.read"),
  on("GET", "/orgs/:org/teams", "organization.see-members"),
  on("POST", "/orgs/:org/teams", "organization.create-team"),
  on("*", "/orgs/:org/settings", "organization.administer"),
  on("*", "/orgs/:org/audit", "organization.see-access"),
  on("*", "/new", "account.create-repository"),

  on("*", "/:owner/:repo/settings/access", "repository.administer"),
  on("*", "/:owner/:repo/settings", "repository.maintain"),
  on("POST", "/:owner/:repo/runs/:number/cancel", "run.cancel"),
  on("GET", "/:owner/:repo", "repository.read"),
];

/** Whole paths, so that they stand for nothing that begins with them. */
const WHOLE: Record<string, RoutePermission> = {
  "GET /": "public",
  "GET /robots.txt": "public",
  "GET /favicon.ico": "public",
  // It leads to the first of the settings, which asks.
  "GET /settings": "public",
  "GET /:owner": "public",
  "GET /:keys{[^/]+\\.keys}": "public",
  "GET /api/v3/repos/:owner/:repo": "repository.read",
};

/** The permission of a route, as `GET` and `/orgs/:org/people`; undefined when nobody has said one. */
export function findRoutePermission(method: string, path: string): RoutePermission | undefined {
  const fits = (line: Line) => (line.method === "*" || line.method === method) && path.startsWith(line.path);
  return WHOLE[`${method} ${path}`] ?? LINES.find(fits)?.permission;
}
