// Why somebody may not do something: the first reason that holds, with the way out.
import { describe, expect, it } from "vitest";
import type { RepositoryRole } from "../../schema/roles.ts";
import type { Actor } from "../core/actor.ts";
import { findRefusal } from "./permissions.ts";
import { describeRefusal } from "./refusal.ts";

const user = (scopes: string[], repositoryIds: number[] | null = null): Actor => ({
  ...{ kind: "user", userId: 7, username: "ada", isAdmin: false },
  credential: { kind: "token", tokenId: 1, scopes, repositoryIds },
});
const repository = (role: RepositoryRole | null, isArchived = false) => ({
  ...{ id: 1, visibility: "public" as const, isArchived, role },
});
const deploy = (canWrite: boolean): Actor => ({ kind: "deploy", deployKeyId: 1, repositoryId: 1, canWrite });

describe("a push that is refused", () => {
  it.each([
    ["read", false, user(["repo:write"]), { why: "role", needs: "write", has: "read" }],
    [null, false, user(["repo:write"]), { why: "role", needs: "write", has: null }],
    ["admin", true, user(["admin"]), { why: "archived" }],
    ["admin", false, user(["repo:read"]), { why: "scope", scope: "repo:write" }],
    // Who may not push anyway isn't told to have it unarchived.
    ["read", true, user(["repo:write"]), { why: "role", needs: "write", has: "read" }],
    [null, false, deploy(false), { why: "read-only-key" }],
    [null, true, deploy(true), { why: "archived" }],
    [null, false, { kind: "run", jobId: 1, repositoryId: 1 } satisfies Actor, { why: "run" }],
  ] as const)("with the role %s, archived %s, is told why", (role, isArchived, actor, refusal) => {
    expect(findRefusal(actor, "repository.write", repository(role, isArchived))).toEqual(refusal);
  });

  it("isn't refused where all is there", () => {
    expect(findRefusal(user(["repo:write"]), "repository.write", repository("write"))).toBeUndefined();
  });
});

describe("the sentence", () => {
  it("names what is missing and the way out", () => {
    expect(describeRefusal({ why: "role", needs: "write", has: "read" })).toBe(
      "This needs the write role in the repository; you have the read role. Ask an admin of the repository for it.",
    );
    expect(describeRefusal({ why: "role", needs: "admin", has: null })).toContain("you have no role there");
    expect(describeRefusal({ why: "scope", scope: "repo:write" })).toContain("scope repo:write");
    expect(describeRefusal({ why: "archived" })).toContain("unarchive");
  });
});

describe("what is done to others", () => {
  const organization = { organizationId: 1, organizationRole: "member" as const, membersCanCreate: false };

  it("is refused with its own reason", () => {
    expect(findRefusal(user(["admin"]), "organization.administer", organization)).toEqual({ why: "owners" });
    expect(findRefusal(user(["admin"]), "organization.create-repository", organization)).toEqual({
      why: "owners",
    });
    expect(findRefusal(user(["repo:read"]), "account.write", { accountId: 7 })).toEqual({
      ...{ why: "scope", scope: "user:*" },
    });
    expect(findRefusal(user(["admin"], [1]), "account.write", { accountId: 7 })).toEqual({
      why: "limited-token",
    });
    const closed = { accountId: 7, onlyAdminsOrganize: true };
    expect(findRefusal(user(["admin"]), "account.create-organization", closed)).toEqual({
      why: "site-admins",
    });
  });

  it("has no reason where it is hidden", () => {
    expect(findRefusal(user(["admin"]), "account.write", { accountId: 8 })).toBeUndefined();
  });
});
