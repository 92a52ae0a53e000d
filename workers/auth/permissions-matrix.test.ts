// The matrix: every action by every role, credential and state of its target, judged by `can` and said by
// permissions-statement.ts. `UPDATE_MATRIX=1 npx vitest run --project unit workers/auth/permissions-matrix` prints it
// into README.md between its marks; the test fails when what stands there is stale.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type OrganizationRole,
  REPOSITORY_ROLES,
  type RepositoryRole,
  type Visibility,
} from "../../schema/roles.ts";
import { type Actor, ANONYMOUS, TOKEN_SCOPES, type TokenScope } from "../core/actor.ts";
import {
  type AccountAction,
  can,
  type OrganizationAction,
  type RepositoryAction,
  type SiteAction,
  type TeamAction,
  type Verdict,
} from "./permissions.ts";
import {
  STATED_ACCOUNT,
  STATED_ORGANIZATION,
  STATED_REPOSITORY,
  STATED_SITE,
  STATED_TEAM,
} from "./permissions-statement.ts";

const VISIBILITIES: Visibility[] = ["public", "internal", "private"];
const ROLES: (RepositoryRole | null)[] = [null, ...REPOSITORY_ROLES];
const ID = 1;
const ACCOUNT = 7;

/** How somebody is known: by whom it is said and with what. */
interface Credential {
  label: string;
  /** Null for a session, which carries everything. */
  scopes: TokenScope[] | null;
  /** What a limited token reaches; null for all. */
  reach: number[] | null;
}

const CREDENTIALS: Credential[] = [
  { label: "session", scopes: null, reach: null },
  { label: "no scope", scopes: [], reach: null },
  ...TOKEN_SCOPES.map((scope) => ({ label: scope, scopes: [scope], reach: null })),
  { label: "admin, limited to it", scopes: ["admin"], reach: [ID] },
  { label: "repo:write, limited to it", scopes: ["repo:write"], reach: [ID] },
  { label: "admin, limited to others", scopes: ["admin"], reach: [99] },
];

function asUser({ scopes, reach }: Credential, isAdmin: boolean): Actor {
  const credential =
    scopes === null
      ? { kind: "session" as const, sessionId: 1, csrfToken: "", provedAt: new Date(0) }
      : { kind: "token" as const, tokenId: 1, scopes, repositoryIds: reach };
  return { kind: "user", userId: ACCOUNT, username: "ada", isAdmin, credential };
}

const carries = ({ scopes }: Credential, needed: readonly TokenScope[]): boolean =>
  scopes === null || scopes.some((scope) => needed.includes(scope));

const keys = <Key extends string>(table: Record<Key, unknown>): Key[] => Object.keys(table) as Key[];

describe("what is done to a repository", () => {
  const targets = VISIBILITIES.flatMap((visibility) =>
    [false, true].flatMap((isArchived) => ROLES.map((role) => ({ id: ID, visibility, isArchived, role }))),
  );

  const sayUser = (
    action: RepositoryAction,
    credential: Credential,
    isAdmin: boolean,
    target: (typeof targets)[number],
  ): Verdict => {
    const stated = STATED_REPOSITORY[action];
    const isReached = credential.reach === null || credential.reach.includes(ID);
    const belongs = isAdmin || target.role !== null;
    const reads = belongs && carries(credential, ["repo:read", "repo:write", "admin"]);
    if (!isReached || (target.visibility !== "public" && !reads)) return "hidden";
    if (action === "repository.read") return "allowed";
    if (target.isArchived && !stated.archived) return "forbidden";
    const isAmong = isAdmin || (target.role !== null && stated.roles.includes(target.role));
    return isAmong && carries(credential, stated.scopes) ? "allowed" : "forbidden";
  };

  for (const action of keys(STATED_REPOSITORY)) {
    it(`${action}: people by every credential`, () => {
      for (const target of targets) {
        for (const credential of CREDENTIALS) {
          for (const isAdmin of [false, true]) {
            const verdict = can(asUser(credential, isAdmin), action, target);
            const said = sayUser(action, credential, isAdmin, target);
            expect(verdict, JSON.stringify({ target, credential, isAdmin })).toBe(said);
          }
        }
      }
    });

    it(`${action}: nobody, runs and deploy keys`, () => {
      for (const target of targets) {
        const isPublic = target.visibility === "public";
        const isRead = action === "repository.read";
        const nobody = isPublic ? (isRead ? "allowed" : "sign-in") : "hidden";
        expect(can(ANONYMOUS, action, target)).toBe(nobody);
        for (const repositoryId of [ID, 2]) {
          const isOwn = repositoryId === ID;
          const sees = isPublic || isOwn;
          const run: Actor = { kind: "run", jobId: 1, repositoryId };
          expect(can(run, action, target)).toBe(sees ? (isRead ? "allowed" : "forbidden") : "hidden");
          for (const canWrite of [false, true]) {
            const key: Actor = { kind: "deploy", deployKeyId: 1, repositoryId, canWrite };
            const pushes = action === "repository.write" && isOwn && canWrite && !target.isArchived;
            const done = isRead || pushes ? "allowed" : "forbidden";
            expect(can(key, action, target)).toBe(sees ? done : "hidden");
          }
        }
      }
    });
  }
});

const PLACES: (OrganizationRole | null)[] = ["owner", "member", "billing", null];
const NOT_PEOPLE: Actor[] = [
  { kind: "run", jobId: 1, repositoryId: ID },
  { kind: "deploy", deployKeyId: 1, repositoryId: ID, canWrite: true },
];

describe("what is done to an organisation", () => {
  it.each(keys(STATED_ORGANIZATION))("%s", (action) => {
    const stated = STATED_ORGANIZATION[action];
    const isOpen = action === "organization.read";
    for (const role of PLACES) {
      for (const membersCanCreate of [false, true]) {
        const target = { organizationId: 5, organizationRole: role, membersCanCreate };
        const signIn = stated.refused === "hidden" ? "hidden" : "sign-in";
        expect(can(ANONYMOUS, action, target)).toBe(isOpen ? "allowed" : signIn);
        for (const actor of NOT_PEOPLE) {
          expect(can(actor, action, target)).toBe(isOpen ? "allowed" : stated.refused);
        }
        for (const credential of CREDENTIALS) {
          for (const isAdmin of [false, true]) {
            const isBarred =
              action === "organization.create-repository" && role === "member" && !membersCanCreate;
            const isAmong = stated.roles.includes(role ?? "stranger") && !isBarred;
            const may =
              (isAmong || (isAdmin && stated.byAdmin)) &&
              credential.reach === null &&
              carries(credential, stated.scopes);
            const said = isOpen || may ? "allowed" : stated.refused;
            const why = JSON.stringify({ role, membersCanCreate, credential, isAdmin });
            expect(can(asUser(credential, isAdmin), action, target), why).toBe(said);
          }
        }
      }
    }
  });
});

describe("what is done to a team", () => {
  it.each(keys(STATED_TEAM))("%s", (action) => {
    for (const privacy of ["closed", "secret"] as const) {
      for (const role of PLACES) {
        for (const teamRole of ["maintainer", "member", null] as const) {
          const target = { teamId: 3, privacy, organizationRole: role, teamRole };
          for (const actor of [ANONYMOUS, ...NOT_PEOPLE]) expect(can(actor, action, target)).toBe("hidden");
          const inTeam = teamRole === "member" ? "team member" : (teamRole ?? "member");
          const place = role === "member" ? inTeam : (role ?? "stranger");
          for (const credential of CREDENTIALS) {
            for (const isAdmin of [false, true]) {
              const isKnown = credential.reach === null && carries(credential, ["org:*", "admin"]);
              const reads = isAdmin || STATED_TEAM["team.read"][privacy].includes(place);
              const may = isAdmin || STATED_TEAM[action][privacy].includes(place);
              const said = !isKnown || !reads ? "hidden" : may ? "allowed" : "forbidden";
              const why = JSON.stringify({ target, credential, isAdmin });
              expect(can(asUser(credential, isAdmin), action, target), why).toBe(said);
            }
          }
        }
      }
    }
  });
});

describe("what is done to an account or the site", () => {
  it.each(keys(STATED_ACCOUNT))("%s", (action) => {
    for (const accountId of [ACCOUNT, 8]) {
      expect(can(ANONYMOUS, action, { accountId })).toBe("sign-in");
      for (const actor of NOT_PEOPLE) expect(can(actor, action, { accountId })).toBe("forbidden");
      for (const credential of CREDENTIALS) {
        for (const isAdmin of [false, true]) {
          const may = credential.reach === null && carries(credential, STATED_ACCOUNT[action]);
          const said = accountId === ACCOUNT ? (may ? "allowed" : "forbidden") : "hidden";
          expect(can(asUser(credential, isAdmin), action, { accountId })).toBe(said);
        }
      }
    }
  });

  it.each(keys(STATED_SITE))("%s", (action) => {
    expect(can(ANONYMOUS, action, { site: true })).toBe("sign-in");
    for (const actor of NOT_PEOPLE) expect(can(actor, action, { site: true })).toBe("hidden");
    for (const credential of CREDENTIALS) {
      expect(can(asUser(credential, false), action, { site: true })).toBe("hidden");
      const may = credential.reach === null && carries(credential, STATED_SITE[action]);
      expect(can(asUser(credential, true), action, { site: true })).toBe(may ? "allowed" : "forbidden");
    }
  });
});

const [BEGIN, END] = ["<!-- matrix: begin -->", "<!-- matrix: end -->"];
const MARKS: Record<Verdict, string> = { allowed: "✓", hidden: "404", forbidden: "403", "sign-in": "401" };

function formatTable(heads: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Verdicts of `can` itself, which the tests above have compared with the statement. */
function formatMatrix(): string {
  const session = CREDENTIALS.slice(0, 1);
  const [bySession] = session;
  if (bySession === undefined) throw new Error("no session among the credentials");
  const mark = (verdict: Verdict) => MARKS[verdict];
  const repository = (role: RepositoryRole | null, visibility: Visibility, isArchived = false) => ({
    ...{ id: ID, role, visibility, isArchived },
  });
  const actions: RepositoryAction[] = keys(STATED_REPOSITORY);
  const others: [string, Actor][] = [
    ["signed out", ANONYMOUS],
    ["its run", { kind: "run", jobId: 1, repositoryId: ID }],
    ["another's run", { kind: "run", jobId: 1, repositoryId: 2 }],
    ["read key", { kind: "deploy", deployKeyId: 1, repositoryId: ID, canWrite: false }],
    ["write key", { kind: "deploy", deployKeyId: 1, repositoryId: ID, canWrite: true }],
    ["another's key", { kind: "deploy", deployKeyId: 1, repositoryId: 2, canWrite: true }],
  ];
  const byRole = formatTable(
    ["action", "visibility", ...ROLES.map((role) => role ?? "none"), "site's admin", "archived, admin"],
    actions.flatMap((action) =>
      VISIBILITIES.map((visibility) => [
        action,
        visibility,
        ...ROLES.map((role) => mark(can(asUser(bySession, false), action, repository(role, visibility)))),
        mark(can(asUser(bySession, true), action, repository(null, visibility))),
        mark(can(asUser(bySession, false), action, repository("admin", visibility, true))),
      ]),
    ),
  );
  const byToken = formatTable(
    ["action", "visibility", ...CREDENTIALS.map((one) => one.label), ...others.map(([label]) => label)],
    actions.flatMap((action) =>
      (["public", "private"] as const).map((visibility) => [
        action,
        visibility,
        ...CREDENTIALS.map((one) => mark(can(asUser(one, false), action, repository("admin", visibility)))),
        ...others.map(([, actor]) => mark(can(actor, action, repository(null, visibility)))),
      ]),
    ),
  );
  const parts = [
    ["What a role may do to a repository, signed in with a session:", byRole],
    ["What credentials of somebody with the role admin, and others, may do to it:", byToken],
    ["Organisations, where members may make repositories:", formatOrganizations(bySession, mark)],
    ["Teams:", formatTeams(bySession, mark)],
    ["One's own account, and the site for its admin:", formatAccounts(mark)],
  ];
  return parts.map(([title, table]) => `${title}\n\n${table}`).join("\n\n");
}

function formatOrganizations(bySession: Credential, mark: (verdict: Verdict) => string): string {
  const target = (role: OrganizationRole | null) => ({
    ...{ organizationId: 5, organizationRole: role, membersCanCreate: true },
  });
  const tokens = CREDENTIALS.slice(1);
  return formatTable(
    ["action", "owner", "member", "billing", "stranger", "signed out", "site's admin"].concat(
      tokens.map((one) => `owner, ${one.label}`),
    ),
    keys(STATED_ORGANIZATION).map((action: OrganizationAction) => [
      action,
      ...PLACES.map((role) => mark(can(asUser(bySession, false), action, target(role)))),
      mark(can(ANONYMOUS, action, target(null))),
      mark(can(asUser(bySession, true), action, target(null))),
      ...tokens.map((one) => mark(can(asUser(one, false), action, target("owner")))),
    ]),
  );
}

function formatTeams(bySession: Credential, mark: (verdict: Verdict) => string): string {
  const places: [string, OrganizationRole | null, "maintainer" | "member" | null][] = [
    ["owner", "owner", null],
    ["maintainer", "member", "maintainer"],
    ["team member", "member", "member"],
    ["other member", "member", null],
    ["billing", "billing", null],
    ["stranger", null, null],
  ];
  return formatTable(
    ["action", "privacy", ...places.map(([label]) => label), "site's admin"],
    keys(STATED_TEAM).flatMap((action: TeamAction) =>
      (["closed", "secret"] as const).map((privacy) => {
        const target = { teamId: 3, privacy, organizationRole: null, teamRole: null };
        return [
          action,
          privacy,
          ...places.map(([, organizationRole, teamRole]) =>
            mark(can(asUser(bySession, false), action, { ...target, organizationRole, teamRole })),
          ),
          mark(can(asUser(bySession, true), action, target)),
        ];
      }),
    ),
  );
}

function formatAccounts(mark: (verdict: Verdict) => string): string {
  const account = (action: AccountAction) =>
    CREDENTIALS.map((one) => mark(can(asUser(one, false), action, { accountId: ACCOUNT })));
  const site = (action: SiteAction) =>
    CREDENTIALS.map((one) => mark(can(asUser(one, true), action, { site: true })));
  return formatTable(
    ["action", ...CREDENTIALS.map((one) => one.label)],
    [
      ...keys(STATED_ACCOUNT).map((action) => [action, ...account(action)]),
      ...keys(STATED_SITE).map((action) => [action, ...site(action)]),
    ],
  );
}

describe("README.md", () => {
  it("prints the matrix as it is", () => {
    const file = join(import.meta.dirname, "README.md");
    const text = readFileSync(file, "utf8");
    const begin = text.indexOf(BEGIN);
    const end = text.indexOf(END);
    expect(begin).toBeGreaterThan(0);
    const fresh = `${text.slice(0, begin)}${BEGIN}\n\n${formatMatrix()}\n\n${text.slice(end)}`;
    if (process.env.UPDATE_MATRIX === "1") writeFileSync(file, fresh);
    else expect(text).toBe(fresh);
  });
});
