// What the health check tells whom: everybody whether the parts answer, and admins alone what the parts say of themselves.
import { eq } from "drizzle-orm";
import { expect, it } from "vitest";
import { z } from "zod";
import { users } from "../../schema/tables/auth.ts";
import { createPerson, database, giveToken, send } from "../testing/fixtures.ts";

const shape = z.object({
  version: z.string(),
  parts: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().nullable() })),
});

async function readDetails(token?: string) {
  const response = await send("/api/health", token === undefined ? {} : { token });
  return Object.values(shape.parse(await response.json()).parts).map(({ detail }) => detail);
}

it("tells what the parts say of themselves, such as the sandbox's version, to admins alone", async () => {
  const admin = await createPerson();
  await database.query.update(users).set({ isAdmin: true }).where(eq(users.id, admin.id));
  const somebody = await createPerson();
  const nothing = [null, null, null, null];
  expect(await readDetails()).toEqual(nothing);
  expect(await readDetails(somebody.token)).toEqual(nothing);
  expect(await readDetails(await giveToken(admin.id, ["repo:read"]))).toEqual(nothing);
  const [, , queue, gateway] = await readDetails(admin.token);
  expect([typeof queue, typeof gateway]).toEqual(["string", "string"]);
});
