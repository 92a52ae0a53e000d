// The audit log in words: an action that the Worker records and that has no sentence fails here.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  STATED_ACCOUNT,
  STATED_ORGANIZATION,
  STATED_REPOSITORY,
  STATED_SITE,
  STATED_TEAM,
} from "../../workers/auth/permissions-statement.ts";
import { describeAuditEvent, SPOKEN_ACTIONS } from "./audit-sentence.ts";

const WORKERS = join(import.meta.dirname, "../../workers");
/** What is called like an action and is none: permissions, and events of the outbox. */
const OTHERS = new Set([
  ...[STATED_ACCOUNT, STATED_ORGANIZATION, STATED_REPOSITORY, STATED_SITE, STATED_TEAM].flatMap((table) =>
    Object.keys(table),
  ),
  ...["organization.read", "repository.crowded"],
]);

/** Every text of the Worker's that begins like an action, such as `"team.create"`; `…` where something is filled in. */
function listNamed(): Set<string> {
  const words = new Set(SPOKEN_ACTIONS.map((action) => action.split(".")[0]));
  const files = readdirSync(WORKERS, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.includes("testing/"),
  );
  const found = new Set<string>();
  for (const file of files) {
    const text = readFileSync(join(WORKERS, file), "utf8");
    for (const [, action = ""] of text.matchAll(/["`]([a-z_-]+\.[a-z-]+(?:\$\{\w+\})?)["`]/g)) {
      if (words.has(action.split(".")[0])) found.add(action.replace(/\$\{\w+\}/, "…"));
    }
  }
  return found;
}

const event = (action: string, actorName = "ada", targetName = "bob", details = {}) => ({
  ...{ action, actorName, credentialKind: "session", targetKind: "user", targetName, details },
});

describe("every action that the Worker records", () => {
  it("has a sentence", () => {
    const named = [...listNamed()].filter((action) => !OTHERS.has(action));
    expect(named.length).toBeGreaterThan(60);
    const unspoken = named.filter((action) =>
      action.endsWith("…")
        ? !SPOKEN_ACTIONS.some((one) => one.startsWith(action.slice(0, -1)))
        : !SPOKEN_ACTIONS.includes(action),
    );
    expect(unspoken).toEqual([]);
  });

  it("reads as a sentence without its details, too", () => {
    for (const action of SPOKEN_ACTIONS) {
      const sentence = describeAuditEvent(event(action));
      expect(sentence).toMatch(/^ada [a-z]/);
      expect(sentence).not.toMatch(/undefined|null|\[object|[{}]/);
      expect(sentence).not.toContain(action);
    }
  });
});

describe("a sentence", () => {
  it.each([
    [
      event("organization.invite", "ada", "bob", { role: "owner" }),
      "ada invited bob to the organisation as owner",
    ],
    [
      event("repository.visibility", "ada", "ada/demo", {
        ...{ from: { visibility: "public" }, to: { visibility: "private" } },
      }),
      "ada changed the visibility of the repository ada/demo from public to private",
    ],
    [
      event("team.member-set", "ada", "core", { user: "bob", role: "maintainer" }),
      "ada made bob a maintainer of the team core",
    ],
    [
      event("token.create", "ada", "ci", { scopes: ["repo:read", "run:*"] }),
      "ada created the API token ci with the scopes repo:read, run:*",
    ],
    [
      event("token.report", "", "ci"),
      "Somebody not signed in reported that the API token ci has leaked, and it was revoked",
    ],
    [event("custom.thing"), "ada did custom.thing to the user bob"],
    [event("constructor"), "ada did constructor to the user bob"],
  ])("names who did what to whom: %#", (given, sentence) => {
    expect(describeAuditEvent(given)).toBe(sentence);
  });
});
