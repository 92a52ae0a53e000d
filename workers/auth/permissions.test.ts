// The whole table of verdicts: every action by every kind of actor on public and private repositories.
import { describe, expect, it } from "vitest";
import type { Actor, Credential } from "../core/actor.ts";
import { ANONYMOUS } from "../core/actor.ts";
import {
  can,
  hasScope,
  type RepositoryAction,
  type RepositoryTarget,
  requirePermission,
  type Verdict,
} from "./permissions.ts";

const session: Credential = { kind: "session", sessionId: 1, csrfToken: "", provedAt: new Date() };
const token = (...scopes: string[]): Credential => ({
  kind: "token",
  tokenId: 1,
  scopes,
  repositoryIds: null,
});
const user = (userId: number, credential: Credential, isAdmin = false): Actor => ({
  kind: "user",
  userId,
  username: `user${userId}`,
  isAdmin,
  credential,
});

const OWNER = 7;
const ACTORS: Record<string, Actor> = {
  anonymous: ANONYMOUS,
  "owner, session": user(OWNER, session),
  "owner, repo:write": user(OWNER, token("repo:write")),
  "owner, repo:read": user(OWNER, token("repo:read")),
  "owner, run:*": user(OWNER, token("run:*")),
  "owner, admin scope": user(OWNER, token("admin")),
  "stranger, session": user(8, session),
  "stranger, admin scope": user(8, token("admin")),
  "admin, session": user(9, session, true),
  "its run": { kind: "run", jobId: 1, repositoryId: 1 },
  "another's run": { kind: "run", jobId: 1, repositoryId: 2 },
};

// Read, write, cancel.
const VERDICTS: Record<
  string,
  { public: [Verdict, Verdict, Verdict]; private: [Verdict, Verdict, Verdict] }
> = {
  anonymous: { public: ["allowed", "sign-in", "sign-in"], private: ["hidden", "hidden", "hidden"] },
  "owner, session": { public: ["allowed", "allowed", "allowed"], private: ["allowed", "allowed", "allowed"] },
  "owner, repo:write": {
    public: ["allowed", "allowed", "forbidden"],
    private: ["allowed", "allowed", "forbidden"],
  },
  "owner, repo:read": {
    public: ["allowed", "forbidden", "forbidden"],
    private: ["allowed", "forbidden", "forbidden"],
  },
  "owner, run:*": { public: ["allowed", "forbidden", "allowed"], private: ["hidden", "hidden", "hidden"] },
  "owner, admin scope": {
    public: ["allowed", "allowed", "allowed"],
    private: ["allowed", "allowed", "allowed"],
  },
  "stranger, session": {
    public: ["allowed", "forbidden", "forbidden"],
    private: ["hidden", "hidden", "hidden"],
  },
  "stranger, admin scope": {
    public: ["allowed", "forbidden", "forbidden"],
    private: ["hidden", "hidden", "hidden"],
  },
  "admin, session": { public: ["allowed", "allowed", "allowed"], private: ["allowed", "allowed", "allowed"] },
  "its run": {
    public: ["allowed", "forbidden", "forbidden"],
    private: ["allowed", "forbidden", "forbidden"],
  },
  "another's run": { public: ["allowed", "forbidden", "forbidden"], private: ["hidden", "hidden", "hidden"] },
};

const repositoryFor = (actor: Actor, visibility: "public" | "private"): RepositoryTarget => ({
  ...{ id: 1, visibility, isArchived: false },
  role: actor.kind === "user" && actor.userId === OWNER ? "admin" : null,
});

const ACTIONS: RepositoryAction[] = ["repository.read", "repository.write", "run.cancel"];

describe("can", () => {
  for (const [name, actor] of Object.entries(ACTORS)) {
    for (const visibility of ["public", "private"] as const) {
      it(`judges ${name} on a ${visibility} repository`, () => {
        const target = repositoryFor(actor, visibility);
        expect(ACTIONS.map((action) => can(actor, action, target))).toEqual(VERDICTS[name]?.[visibility]);
      });
    }
  }
});

describe("making an organisation", () => {
  it("is an admin's alone where the site says so, and needs its scope of them too", () => {
    const make = (actor: Actor, onlyAdminsOrganize: boolean) =>
      can(actor, "account.create-organization", { accountId: OWNER, onlyAdminsOrganize });
    expect(make(user(OWNER, session), false)).toBe("allowed");
    expect(make(user(OWNER, session), true)).toBe("forbidden");
    expect(make(user(OWNER, token("org:*")), true)).toBe("forbidden");
    expect(make(user(OWNER, session, true), true)).toBe("allowed");
    expect(make(user(OWNER, token("org:*"), true), true)).toBe("allowed");
    expect(make(user(OWNER, token("user:*"), true), true)).toBe("forbidden");
    expect(make(ANONYMOUS, true)).toBe("sign-in");
  });

  it("is no other thing that an account does", () => {
    const target = { accountId: OWNER, onlyAdminsOrganize: true };
    expect(can(user(OWNER, session), "account.create-repository", target)).toBe("allowed");
  });
});

describe("requirePermission", () => {
  it("answers 404 for what may not be seen, 401 without a credential, 403 without the right", () => {
    const hidden = repositoryFor(ANONYMOUS, "private");
    const owner = user(OWNER, session);
    const shown = repositoryFor(ANONYMOUS, "public");
    const statusOf = (work: () => void) => {
      try {
        work();
      } catch (error) {
        return (error as { status: number }).status;
      }
      return 200;
    };
    expect(statusOf(() => requirePermission(ANONYMOUS, "repository.write", hidden))).toBe(404);
    expect(statusOf(() => requirePermission(ANONYMOUS, "repository.write", shown))).toBe(401);
    expect(statusOf(() => requirePermission(user(8, session), "repository.write", shown))).toBe(403);
    expect(statusOf(() => requirePermission(owner, "repository.write", repositoryFor(owner, "public")))).toBe(
      200,
    );
  });
});

describe("hasScope", () => {
  it("lets a wider scope stand for a narrower one, never the reverse", () => {
    expect(hasScope(user(1, token("repo:write")), "repo:read")).toBe(true);
    expect(hasScope(user(1, token("repo:read")), "repo:write")).toBe(false);
    expect(hasScope(user(1, token("user:*")), "repo:read")).toBe(false);
    expect(hasScope(ANONYMOUS, "repo:read")).toBe(false);
  });
});
