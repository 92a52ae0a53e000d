// A proof is recent for an hour, and only a browser session has one.
import { describe, expect, it } from "vitest";
import { ANONYMOUS, type Credential, type UserActor } from "../core/actor.ts";
import { RECENT_PROOF_MS } from "../core/limits.ts";
import { hasRecentProof } from "./recent-proof.ts";

const NOW = Date.UTC(2026, 10, 21);
const actor = (credential: Credential): UserActor => ({
  kind: "user",
  userId: 1,
  username: "ada",
  isAdmin: false,
  credential,
});
const session = (msAgo: number) =>
  actor({ kind: "session", sessionId: 1, csrfToken: "", provedAt: new Date(NOW - msAgo) });

describe("a proof", () => {
  it("is recent at the limit and not one past it", () => {
    expect(hasRecentProof(session(0), NOW)).toBe(true);
    expect(hasRecentProof(session(RECENT_PROOF_MS), NOW)).toBe(true);
    expect(hasRecentProof(session(RECENT_PROOF_MS + 1), NOW)).toBe(false);
  });
  it("is nobody's who isn't in front of a browser", () => {
    expect(hasRecentProof(ANONYMOUS, NOW)).toBe(false);
    expect(
      hasRecentProof(actor({ kind: "token", tokenId: 1, scopes: ["admin"], repositoryIds: null }), NOW),
    ).toBe(false);
  });
});
