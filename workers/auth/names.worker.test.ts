// Names that are taken, reserved or look like another's: refused wherever a name is chosen.
import { eq, sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { users } from "../../schema/tables/auth.ts";
import { randomBase62 } from "../../schema/token.ts";
import { WalletVisitor } from "../sign-in/testing/wallet-visitor.ts";
import { openBrowser } from "../testing/browser.ts";
import { createPerson, database, type Person } from "../testing/fixtures.ts";
import { newAddress } from "../testing/mail.ts";
import { openSignedIn, PASSWORD } from "../testing/mail-account.ts";
import { ask } from "../testing/organizations.ts";

const RESERVED = [
  "api",
  "login",
  "settings",
  "assets",
  "internal",
  "orgs",
  "new",
  "Admin",
  "SETTINGS",
  "l0gin",
  "sett1ngs",
];
const ODD = [
  "..",
  "a/b",
  "a.b",
  "a_b",
  "-a",
  "a-",
  "a--b",
  "раypal",
  "ａdmin",
  "a\u200bb",
  "a\u202eb",
  "ß",
  "İ",
  "a b",
];

let person: Person;
/** Of a name `abcwm1lo…`, others that may be taken for it. */
let alike: string[];

beforeAll(async () => {
  const tail = randomBase62(10)
    .toLowerCase()
    .replaceAll(/[^a-hj-km-np-qs-u2-9]/g, "x");
  const name = `wmlo${tail}`;
  const [user] = await database.query.insert(users).values({ username: name }).returning({ id: users.id });
  expect(user).toBeDefined();
  alike = [name, name.toUpperCase(), `vvmlo${tail}`, `wrnlo${tail}`, `wm1o${tail}`, `wmIo${tail}`];
  alike.push(`wml0${tail}`, `wm-lo${tail}`, `w-m-l-o${tail}`);
  person = await createPerson();
});

const countAlike = async (name: string) =>
  (
    await database.query
      .select()
      .from(users)
      .where(eq(sql`lower(${users.username})`, name.toLowerCase()))
  ).length;

describe.each([
  [
    "registers",
    async (username: string) => {
      const fields = { username, email: newAddress(), password: PASSWORD };
      return openBrowser().post("/register", fields);
    },
  ],
  ["makes an organisation", (login: string) => ask(person, "POST", "/orgs", { login })],
  [
    "makes an organisation by form",
    async (login: string) => (await openSignedIn(person.id)).post("/organizations/new", { login }),
  ],
  [
    "changes their name",
    async (username: string) => (await openSignedIn(person.id)).post("/settings/username", { username }),
  ],
])("whoever %s", (_, choose) => {
  it("is given no name that is reserved, odd or like another's", async () => {
    for (const name of [...RESERVED, ...ODD, ...alike]) {
      const before = await countAlike(name);
      const answer = await choose(name);
      await answer.body?.cancel();
      expect([name, answer.status]).toEqual([name, 422]);
      expect(await countAlike(name)).toBe(before);
    }
  });
});

it("nor is whoever comes with a wallet", async () => {
  for (const name of [...RESERVED.slice(-3), ...ODD.slice(-3), ...alike.slice(0, 4)]) {
    const answer = await new WalletVisitor().register(name);
    await answer.body?.cancel();
    expect([name, answer.status]).toEqual([name, 422]);
  }
});

it("one repository of an owner is found by its name in any case, and no second one is made", async () => {
  const name = `Case${randomBase62(6)}`;
  expect((await ask(person, "POST", "/user/repos", { name })).status).toBe(201);
  for (const other of [name, name.toLowerCase(), name.toUpperCase()]) {
    expect((await ask(person, "POST", "/user/repos", { name: other })).status).toBe(422);
    const found = await ask(person, "GET", `/repos/${person.username.toUpperCase()}/${other}`);
    expect([found.status, await found.json()]).toEqual([200, expect.objectContaining({ name })]);
  }
});
