// What the page says of each scope against what routes do: every action is promised by the scopes that reach it and by no
// other, and a token of one scope alone does what that scope promises.
import { beforeAll, describe, expect, it } from "vitest";
import { TOKEN_SCOPES, type TokenScope } from "../core/actor.ts";
import { readOperations } from "../testing/api-operations.ts";
import { createPerson, giveToken, makeRepository, makeRun, type Person, send } from "../testing/fixtures.ts";
import { makeOrganization, makeTeam } from "../testing/organizations.ts";
import { SCOPE_DESCRIPTIONS } from "../tokens/scope-descriptions.ts";
import {
  STATED_ACCOUNT,
  STATED_ORGANIZATION,
  STATED_REPOSITORY,
  STATED_SITE,
} from "./permissions-statement.ts";

/** By scope, the words that promise each action. */
const PROMISES: Record<TokenScope, Record<string, string>> = {
  "repo:read": { "repository.read": "read private repositories", "repository.see-access": "who has access" },
  "repo:write": {
    ...{ "repository.read": "read", "repository.see-access": "maintain", "repository.write": "push" },
    ...{
      "repository.give-up": "leave",
      "repository.maintain": "maintain",
      "status.write": "commit statuses",
    },
    ...{ "account.create-repository": "make", "organization.create-repository": "make" },
  },
  "run:*": { "run.cancel": "cancel runs" },
  "org:*": {
    ...{ "account.create-organization": "make", "organization.leave": "leave" },
    ...{ "organization.see-members": "members", "organization.show-membership": "members" },
    ...{ "organization.see-access": "access", "organization.invite": "invitations" },
    ...{ "organization.create-team": "teams", "organization.administer": "settings" },
  },
  "user:*": { "account.read": "your own account", "account.write": "profile", "account.keys": "SSH keys" },
  admin: {
    ...{ "repository.administer": "administering repositories", "account.credentials": "making tokens" },
    "site.administer": "everything you may do",
  },
};

const REACHED = new Map<string, readonly TokenScope[]>([
  ...[STATED_REPOSITORY, STATED_ORGANIZATION].flatMap((table) =>
    Object.entries(table).map(([action, { scopes }]) => [action, scopes] as const),
  ),
  ...[STATED_ACCOUNT, STATED_SITE].flatMap((table) => Object.entries(table)),
]);
// What everybody may read needs no scope.
REACHED.delete("organization.read");

let owner: Person;
let names: { repo: string; org: string; team: string; run: string };

beforeAll(async () => {
  const organization = await makeOrganization();
  owner = organization.owner;
  const repository = await makeRepository(owner);
  const team = await makeTeam(owner, organization.name, null, "closed");
  const run = await makeRun(owner, repository.id, "on: push\njobs: {a: {steps: [{run: 'true'}]}}\n");
  names = { repo: repository.name, org: organization.name, team: team.slug, run: String(run.id) };
});

describe("a scope's description", () => {
  it("names every action that the scope reaches and an admin's doesn't reach alone, and no other", () => {
    for (const scope of TOKEN_SCOPES) {
      const reached = [...REACHED].filter(([, scopes]) =>
        scope === "admin" ? scopes.every((one) => one === "admin") : scopes.includes(scope),
      );
      expect(Object.keys(PROMISES[scope]).sort(), scope).toEqual(reached.map(([action]) => action).sort());
      for (const phrase of Object.values(PROMISES[scope]))
        expect(SCOPE_DESCRIPTIONS[scope]).toContain(phrase);
    }
  });

  it("leaves out no permission that a route of the API asks for", async () => {
    const asked = (await readOperations()).map(({ permission }) => permission?.split(/, or /)[0] ?? "");
    const promised = new Set(Object.values(PROMISES).flatMap((actions) => Object.keys(actions)));
    // Those without one are in route-permissions.ts.
    const open = /^(|public|anyone|signed-in|link|gateway|organization\.read|team\..*)$/;
    expect(asked.filter((action) => !promised.has(action) && !open.test(action))).toEqual([]);
  });
});

/** What a token of one scope alone does, and one without it doesn't. */
const ROUTES: [TokenScope, method: string, path: string, body: object | undefined, status: number][] = [
  ["repo:read", "GET", "/v3/repos/{owner}/{repo}/collaborators", undefined, 200],
  ["repo:write", "POST", "/v3/user/repos", { name: "made-by-scope" }, 201],
  ["repo:write", "PATCH", "/v3/repos/{owner}/{repo}", { description: "Maintained" }, 200],
  ["run:*", "POST", "/runs/{run}/cancel", undefined, 202],
  ["org:*", "PATCH", "/v3/orgs/{org}", { description: "Ours" }, 200],
  ["org:*", "GET", "/v3/orgs/{org}/invitations", undefined, 200],
  ["org:*", "GET", "/v3/orgs/{org}/teams/{team}", undefined, 200],
  ["org:*", "POST", "/v3/orgs/{org}/teams", { name: "Made by scope" }, 201],
  ["user:*", "PATCH", "/v3/user", { bio: "Mine" }, 200],
  ["user:*", "GET", "/v3/user/emails", undefined, 200],
  ["user:*", "GET", "/v3/user/keys", undefined, 200],
  ["user:*", "POST", "/v3/user/keys", { title: "by scope" }, 201],
  ["user:*", "GET", "/v3/user/repository_invitations", undefined, 200],
  ["user:*", "GET", "/v3/user/memberships/orgs", undefined, 200],
  ["admin", "GET", "/user/tokens", undefined, 200],
  ["admin", "GET", "/v3/repos/{owner}/{repo}/keys", undefined, 200],
];

describe("a token of one scope", () => {
  it.each(ROUTES)("%s does %s %s", async (scope, method, path, body, status) => {
    const address = `/api${path}`
      .replace("{owner}", owner.username)
      .replaceAll(/\{(repo|org|team|run)\}/g, (_, name: keyof typeof names) => names[name]);
    const call = async (scopes: string[]) => {
      const given = path.endsWith("/user/keys") && body !== undefined ? { ...body, key: makeKey() } : body;
      const answer = await send(address, {
        ...{ method, token: await giveToken(owner.id, scopes) },
        ...(given === undefined ? {} : { body: JSON.stringify(given) }),
        headers: { "content-type": "application/json" },
      });
      return { status: answer.status, text: await answer.text() };
    };
    const others = TOKEN_SCOPES.filter(
      (other) => other !== scope && other !== "admin" && !(scope === "repo:read" && other === "repo:write"),
    );
    expect([403, 404]).toContain((await call(others)).status);
    expect(await call([scope])).toMatchObject({ status });
  });

  it("user:* makes no token and is told which scope does", async () => {
    const person = await createPerson(["user:*"]);
    const answer = await send("/api/user/tokens", { token: person.token });
    expect(answer.status).toBe(403);
  });
});

/** A public key of nobody else's. */
function makeKey(): string {
  const random = crypto.getRandomValues(new Uint8Array(32));
  const blob = [0, 0, 0, 11, ...new TextEncoder().encode("ssh-ed25519"), 0, 0, 0, 32, ...random];
  return `ssh-ed25519 ${btoa(String.fromCharCode(...blob))}`;
}
