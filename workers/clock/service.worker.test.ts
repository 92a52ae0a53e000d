// The clock: each part of its work is done whatever becomes of the others, and admins see when it was last done.
import { env } from "cloudflare:test";
import { eq } from "drizzle-orm";
import { expect, it } from "vitest";
import { SIGNATURE_HEADER, signRequest } from "../../schema/signature.ts";
import { users } from "../../schema/tables/auth.ts";
import { clockParts, outbox } from "../../schema/tables/events.ts";
import { randomBase62 } from "../../schema/token.ts";
import { parseEnv } from "../core/env.ts";
import { createLog } from "../core/log.ts";
import { createPerson, database, send } from "../testing/fixtures.ts";
import { openSignedIn } from "../testing/mail-account.ts";
import { type ClockParts, describeClock, strikeClock } from "./service.ts";

const services = { env: parseEnv(env), database, log: createLog({}) };
const readPart = async (name: string) =>
  (await database.query.select().from(clockParts).where(eq(clockParts.name, name)))[0];

it("does every part, whichever fails or never ends, and notes what went wrong until it goes well", async () => {
  const mark = randomBase62(8);
  const done: string[] = [];
  let isWell = false;
  const fail = async () => {
    if (!isWell) throw new Error("outside", { cause: new Error("nobody was there") });
  };
  const parts: ClockParts = {
    [`fails ${mark}`]: fail,
    [`hangs ${mark}`]: () => (isWell ? Promise.resolve() : new Promise(() => undefined)),
    [`works ${mark}`]: async () => void done.push("works"),
  };
  expect(await strikeClock(services, parts, 50)).toEqual([`fails ${mark}`, `hangs ${mark}`]);
  expect(done).toEqual(["works"]);
  expect(await readPart(`fails ${mark}`)).toMatchObject({ succeededAt: null, problem: "nobody was there" });
  expect(await readPart(`hangs ${mark}`)).toMatchObject({ problem: "not done within 0.05 s" });
  expect(await readPart(`works ${mark}`)).toMatchObject({ failedAt: null, problem: "" });
  isWell = true;
  expect(await strikeClock(services, parts, 60_000)).toEqual([]);
  expect(await readPart(`fails ${mark}`)).toMatchObject({ succeededAt: expect.any(Date), problem: "" });
});

it("goes on where the failure itself can't be noted", async () => {
  const done: string[] = [];
  const away = {
    ...database,
    query: new Proxy(database.query, {
      get: () => {
        throw new Error("away");
      },
    }),
  };
  const parts: ClockParts = {
    one: async () => void done.push("one"),
    two: async () => void done.push("two"),
  };
  expect(await strikeClock({ ...services, database: away }, parts)).toEqual(["one", "two"]);
  expect(done).toEqual(["one", "two"]);
});

it("sends, sweeps and keeps house although the outbox holds a malformed row, and tells admins", async () => {
  const payload = { mailId: randomBase62(8) };
  const [row] = await database.query
    .insert(outbox)
    .values({ topic: "mail.queued", payload })
    .returning({ id: outbox.id });
  const path = "/internal/clock";
  const signature = await signRequest(env.GATEWAY_SECRET, { method: "POST", path, body: "" });
  const answer = await send(path, { method: "POST", headers: { [SIGNATURE_HEADER]: signature } });
  expect([answer.status, await answer.text()]).toEqual([204, ""]);
  for (const part of await describeClock(database)) {
    expect(part).toMatchObject({ succeededAt: expect.any(Date), problem: "" });
  }
  const person = await createPerson();
  await database.query.update(users).set({ isAdmin: true }).where(eq(users.id, person.id));
  const page = await (await (await openSignedIn(person.id)).get("/site-admin/queues")).text();
  expect(page).toMatch(/start housekeeping<\/span>.{0,80}last done/s);
  expect(page).toMatch(/mail\.queued<\/span>.{0,400}mailId/s);
  await database.query.delete(outbox).where(eq(outbox.id, row?.id ?? 0));
});
