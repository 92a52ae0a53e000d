// Branch protection over REST in GitHub's shapes, and what a push then meets.
import { and, eq } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { auditEvents } from "../../schema/tables/auth.ts";
import { protectedBranches, repositories } from "../../schema/tables/git.ts";
import { BRANCH_RULES_MAX } from "../core/limits.ts";
import { ZERO_OID } from "../git/object/oid.ts";
import { createPerson, database, send } from "../testing/fixtures.ts";
import { expectGithubShape } from "../testing/github-shape.ts";
import { type MadeCommit, makeCommit, PushedRepository } from "../testing/pushed-repository.ts";
import { FIRST_RULES } from "./first-rules.ts";

const MAIN = "refs/heads/main";
const DOCUMENTED = "/repos/{owner}/{repo}/branches/{branch}/protection";
const NOTHING = {
  ...{ required_status_checks: null, enforce_admins: true },
  ...{ required_pull_request_reviews: null, restrictions: null },
};

let repository: PushedRepository;
let first: MadeCommit;
beforeEach(async () => {
  repository = await PushedRepository.create();
  first = await repository.commit("main", { "a.txt": "one\n", "b.lock": "b\n" });
});

const call = (method: string, path: string, body?: object, token = repository.person.token) =>
  send(`/api/v3/repos${repository.path}${path}`, {
    method,
    token,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const protect = (body: object) => call("PUT", "/branches/main/protection", { ...NOTHING, ...body });
const pushNext = (next: MadeCommit, before = first.oid) => repository.push(MAIN, before, next.oid, next.pack);

describe("branch protection", () => {
  it("is set, read and ended whole, in GitHub's shape", async () => {
    const wanted = {
      required_status_checks: { strict: true, contexts: ["ci", "lint"] },
      required_pull_request_reviews: { required_approving_review_count: 2, dismiss_stale_reviews: true },
      restrictions: { users: [repository.person.username], teams: [] },
      required_linear_history: true,
    };
    const put = await expectGithubShape("PUT", DOCUMENTED, await protect(wanted));
    expect(put).toMatchObject({
      required_status_checks: { strict: true, contexts: ["ci", "lint"] },
      enforce_admins: { enabled: true },
      required_pull_request_reviews: { required_approving_review_count: 2 },
      restrictions: { users: [{ login: repository.person.username }] },
      required_linear_history: { enabled: true },
      allow_force_pushes: { enabled: false },
    });
    const got = await expectGithubShape("GET", DOCUMENTED, await call("GET", "/branches/main/protection"));
    expect(got).toEqual(put);
    const rules = await expectGithubShape(
      "GET",
      "/repos/{owner}/{repo}/rules/branches/{branch}",
      await call("GET", "/rules/branches/main"),
    );
    expect(rules).toHaveLength(6);
    expect((await call("DELETE", "/branches/main/protection")).status).toBe(204);
    expect((await call("GET", "/branches/main/protection")).status).toBe(404);
  });

  it("is changed part by part", async () => {
    await protect({ required_status_checks: { strict: false, contexts: ["ci"] } });
    const part = async (method: string, name: string, body?: object) => {
      const answer = await call(method, `/branches/main/protection/${name}`, body);
      return answer.status === 204 ? 204 : expectGithubShape(method, `${DOCUMENTED}/${name}`, answer);
    };
    expect(await part("DELETE", "enforce_admins")).toBe(204);
    expect(await part("GET", "enforce_admins")).toMatchObject({ enabled: false });
    expect(await part("POST", "enforce_admins")).toMatchObject({ enabled: true });
    expect(await part("POST", "required_signatures")).toMatchObject({ enabled: true });
    expect(await part("DELETE", "required_signatures")).toBe(204);
    const contexts = "required_status_checks/contexts";
    expect(await part("POST", contexts, { contexts: ["lint"] })).toEqual(["ci", "lint"]);
    expect(await part("DELETE", contexts, ["ci"])).toEqual(["lint"]);
    expect(await part("PATCH", "required_status_checks", { strict: true })).toMatchObject({ strict: true });
    expect(await part("DELETE", "required_status_checks")).toBe(204);
    expect((await call("GET", "/branches/main/protection/required_status_checks")).status).toBe(404);
    const reviews = { required_approving_review_count: 1 };
    expect(await part("PATCH", "required_pull_request_reviews", reviews)).toMatchObject(reviews);
    expect(await part("DELETE", "required_pull_request_reviews")).toBe(204);
  });

  it.each([
    [{ lock_branch: true }, "lock_branch"],
    [{ required_conversation_resolution: true }, "required_conversation_resolution"],
    [{ restrictions: { users: ["nobody-of-this-name"], teams: [] } }, "users"],
    [{ required_pull_request_reviews: { required_approving_review_count: 7 } }, "requiredApprovals"],
  ])("refuses what it can't keep: %j", async (body, field) => {
    const answer = await protect(body);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ errors: [{ field }] });
    expect((await call("GET", "/branches/main/protection")).status).toBe(404);
  });

  it("is for admins alone, and a stranger learns nothing of a private repository's", async () => {
    const stranger = await createPerson();
    await protect({});
    expect((await call("GET", "/branches/main/protection", undefined, stranger.token)).status).toBe(403);
    expect((await call("PUT", "/branches/main/protection", NOTHING, stranger.token)).status).toBe(403);
    await database.query
      .update(repositories)
      .set({ visibility: "private" })
      .where(eq(repositories.id, repository.id));
    for (const path of ["/branches", "/branches/main", "/branches/main/protection", "/rules/branches/main"]) {
      expect((await call("GET", path, undefined, stranger.token)).status).toBe(404);
    }
  });

  it("has so many rules and not one more", async () => {
    const rows = Array.from({ length: BRANCH_RULES_MAX }, (_, at) => ({
      ...{ repositoryId: repository.id, pattern: `x${at}`, rules: FIRST_RULES },
    }));
    await database.query.insert(protectedBranches).values(rows.slice(1));
    expect((await protect({})).status).toBe(200);
    await call("DELETE", "/branches/main/protection");
    await database.query.insert(protectedBranches).values(rows.slice(0, 1));
    expect((await protect({})).status).toBe(422);
  });
});

describe("branches", () => {
  it("are listed and shown with whether they are protected, in GitHub's shapes", async () => {
    await repository.move("refs/heads/feature/x", ZERO_OID, first.oid);
    await protect({});
    const list = await expectGithubShape(
      "GET",
      "/repos/{owner}/{repo}/branches",
      await call("GET", "/branches"),
    );
    expect(list).toMatchObject([
      { name: "feature/x", protected: false },
      { name: "main", protected: true, commit: { sha: first.oid } },
    ]);
    const documented = "/repos/{owner}/{repo}/branches/{branch}";
    const shown = await expectGithubShape("GET", documented, await call("GET", "/branches/feature%2Fx"));
    expect(shown).toMatchObject({ name: "feature/x", protected: false, commit: { sha: first.oid } });
    expect((await call("GET", "/branches/none")).status).toBe(404);
  });
});

describe("a push to a protected branch", () => {
  it("that rewrites or deletes it is refused with the reason, and nothing moves", async () => {
    await protect({});
    const other = makeCommit({ "a.txt": "other\n" });
    expect(await pushNext(other)).toContain(`ng ${MAIN} protected branch: force pushes are not allowed`);
    await repository.move("refs/heads/dev", ZERO_OID, first.oid);
    await call("PUT", "/branches/dev/protection", NOTHING);
    const report = await repository.push("refs/heads/dev", first.oid, ZERO_OID, null);
    expect(report).toContain("protected branch: it may not be deleted");
    await pushNext(makeCommit({ "a.txt": "two\n" }, first.oid));
    expect((await (await call("GET", "/branches/dev")).json<{ commit: { sha: string } }>()).commit.sha).toBe(
      first.oid,
    );
  });

  it("waits for its contexts to succeed on the very commit", async () => {
    await protect({ required_status_checks: { strict: false, contexts: ["ci"] } });
    const next = makeCommit({ "a.txt": "two\n" }, first.oid);
    expect(await pushNext(next)).toContain("required statuses have not succeeded: ci (missing)");
    await repository.move("refs/heads/topic", ZERO_OID, next.oid, next.pack);
    const say = (state: string) => call("POST", `/statuses/${next.oid}`, { state, context: "ci" });
    expect((await say("pending")).status).toBe(201);
    expect(await pushNext(next)).toContain("ci (pending)");
    await say("success");
    expect(await pushNext(next)).toContain(`ok ${MAIN}`);
  });

  it("leaves protected paths as they are", async () => {
    await protect({});
    await database.query
      .update(protectedBranches)
      .set({ rules: { ...FIRST_RULES, enforceAdmins: true, protectedPaths: ["*.lock"] } })
      .where(eq(protectedBranches.repositoryId, repository.id));
    const changed = makeCommit({ "a.txt": "one\n", "b.lock": "c\n" }, first.oid);
    expect(await pushNext(changed)).toContain("protected paths may not change: b.lock");
    const gone = makeCommit({ "a.txt": "one\n" }, first.oid);
    expect(await pushNext(gone)).toContain("protected paths may not change: b.lock");
    const good = makeCommit({ "a.txt": "two\n", "b.lock": "b\n", "c.txt": "c\n" }, first.oid);
    expect(await pushNext(good)).toContain(`ok ${MAIN}`);
  });

  it("goes past the rules for an admin who isn't held to them, and the audit log says so", async () => {
    await protect({ enforce_admins: false });
    expect(await pushNext(makeCommit({ "a.txt": "other\n" }))).toContain(`ok ${MAIN}`);
    const events = await database.query
      .select()
      .from(auditEvents)
      .where(
        and(eq(auditEvents.repositoryId, repository.id), eq(auditEvents.action, "protected_branch.bypass")),
      );
    expect(events).toMatchObject([
      {
        actorId: repository.person.id,
        credentialKind: "token",
        targetName: "main",
        details: { violations: ["force pushes are not allowed"], before: first.oid },
      },
    ]);
  });
});
