// A stream ends within five seconds of its reader's right to it.
import { env } from "cloudflare:test";
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { accessTokens, users } from "../../schema/tables/auth.ts";
import { deleteAccount, readDeparture } from "../accounts/delete-account.ts";
import { parseEnv } from "../core/env.ts";
import { createPerson, database, makeRepository, makeRun, type Person, send } from "../testing/fixtures.ts";

const YAML = "on: push\njobs:\n  build:\n    steps:\n      - run: true\n";
const END_MS = 5_000;

const LOSSES: Record<string, (person: Person) => Promise<unknown>> = {
  "is suspended": ({ id }) =>
    database.query.update(users).set({ suspendedAt: new Date() }).where(eq(users.id, id)),
  "deletes their account": async ({ id, username }) => {
    const credential = { kind: "session" as const, sessionId: 0, csrfToken: "", provedAt: new Date() };
    const actor = { kind: "user" as const, userId: id, username, isAdmin: false, credential };
    const origin = { address: "", userAgent: "", requestId: "" };
    const services = { env: parseEnv(env), database, actor, origin };
    const repositoryIds = (await readDeparture(services)).repositories.map((one) => one.id);
    await deleteAccount(services, { confirmation: username, repositoryIds });
  },
  "has their token revoked": ({ id }) =>
    database.query.update(accessTokens).set({ revokedAt: new Date() }).where(eq(accessTokens.userId, id)),
};

describe("the stream of a run", () => {
  it.each(Object.keys(LOSSES))("ends when its reader %s", async (loss) => {
    const person = await createPerson();
    const repository = await makeRepository(person, true);
    const run = await makeRun(person, repository.id, YAML);
    const path = `/api/runs/${run.id}/stream`;
    const stream = await send(path, { token: person.token });
    expect(stream.status).toBe(200);
    await LOSSES[loss]?.(person);
    const lostAtMs = Date.now();
    await stream.text();
    expect(Date.now() - lostAtMs).toBeLessThan(END_MS);
    expect((await send(path, { token: person.token })).status).toBe(401);
  });
});
