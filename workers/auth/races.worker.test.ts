// Two at once where only one may win: a link that works once, and a name that is one whatever its case.
import { eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { authSessions, users } from "../../schema/tables/auth.ts";
import { randomBase62 } from "../../schema/token.ts";
import { WalletVisitor } from "../sign-in/testing/wallet-visitor.ts";
import { openBrowser } from "../testing/browser.ts";
import { createPerson, database, giveLink } from "../testing/fixtures.ts";
import { newAddress, readLink } from "../testing/mail.ts";
import { openSignedIn, PASSWORD } from "../testing/mail-account.ts";
import { ask, join, makeOrganization } from "../testing/organizations.ts";

const isDone = ({ status }: Response) => status === 303 || (status >= 200 && status < 205);

it("a one-time link lets in one of ten who come with it at once", async () => {
  const { id } = await createPerson();
  const link = await giveLink(id);
  const answers = await Promise.all(Array.from({ length: 10 }, () => openBrowser().post(link)));
  expect(answers.filter((answer) => answer.status === 303)).toHaveLength(1);
  expect(await database.query.select().from(authSessions).where(eq(authSessions.userId, id))).toHaveLength(1);
});

it("an invitation is taken once, and leaves one membership, however often it is accepted at once", async () => {
  const { name, owner } = await makeOrganization();
  const person = await createPerson();
  await ask(owner, "POST", `/orgs/${name}/invitations`, { login: person.username });
  const accept = () => ask(person, "PATCH", `/user/memberships/orgs/${name}`, { state: "active" });
  const answers = await Promise.all([accept(), accept(), accept()]);
  expect(answers.some(isDone)).toBe(true);
  const members = await (await ask(owner, "GET", `/orgs/${name}/members`)).json<{ login: string }[]>();
  expect(members.filter(({ login }) => login === person.username)).toHaveLength(1);
});

describe("one name", () => {
  it("chosen at once in other cases, by every way there is to choose one, is given once", async () => {
    const name = `n${randomBase62(8)}x`.toLowerCase();
    const [maker, renamer] = [await createPerson(), await createPerson()];
    const address = newAddress();
    await openBrowser().post("/register", { username: `${name}z`, email: address, password: PASSWORD });
    const link = await readLink(address, /Make your/);
    const [form, settings] = [await openSignedIn(maker.id), await openSignedIn(renamer.id)];
    const answers = await Promise.all([
      openBrowser().post(link, { username: name }),
      new WalletVisitor().register(name.toUpperCase()),
      ask(maker, "POST", "/orgs", { login: name.replace("n", "N") }),
      form.post("/organizations/new", { login: name.replace("x", "X") }),
      settings.post("/settings/username", { username: name.toUpperCase() }),
    ]);
    expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
    expect(answers.filter(isDone)).toHaveLength(1);
    const found = await database.query
      .select()
      .from(users)
      .where(eq(sql`lower(${users.username})`, name));
    expect(found).toHaveLength(1);
  });

  it("that looks like another chosen at once isn't given beside it", async () => {
    const tail = `${randomBase62(8)}x`.toLowerCase();
    const names = [`wm${tail}`, `vvm${tail}`, `wrn${tail}`, `w-m${tail}`];
    const answers = await Promise.all(names.map((name) => new WalletVisitor().register(name)));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 422, 422, 422]);
  });

  it("of a repository or a team, chosen at once in other cases, is given once", async () => {
    const { name: org, owner } = await makeOrganization();
    const name = `r${randomBase62(8)}x`.toLowerCase();
    for (const [path, key] of [
      ["/user/repos", "name"],
      [`/orgs/${org}/repos`, "name"],
      [`/orgs/${org}/teams`, "name"],
    ] as const) {
      const names = [name, name.toUpperCase(), name.replace("x", "X")];
      const answers = await Promise.all(names.map((one) => ask(owner, "POST", path, { [key]: one })));
      expect([path, answers.map(({ status }) => status).sort()]).toEqual([path, [201, 422, 422]]);
    }
  });
});

it("an organisation keeps an owner when one leaves, one is removed and one is given less, all at once", async () => {
  const { name, owner } = await makeOrganization();
  const [second, third] = [await createPerson(), await createPerson()];
  for (const person of [second, third]) await join(owner, name, person, "admin");
  await Promise.all([
    ask(owner, "DELETE", `/orgs/${name}/members/${owner.username}`),
    ask(second, "DELETE", `/orgs/${name}/members/${third.username}`),
    ask(third, "PUT", `/orgs/${name}/memberships/${second.username}`, { role: "member" }),
    ask(owner, "DELETE", `/orgs/${name}/members/${second.username}`),
    ask(second, "PUT", `/orgs/${name}/memberships/${owner.username}`, { role: "member" }),
    ask(third, "DELETE", `/orgs/${name}/members/${third.username}`),
  ]);
  const { rows } = await queryOwners(name);
  expect(rows).toBeGreaterThan(0);
});

async function queryOwners(name: string): Promise<{ rows: number }> {
  const [row] = await database.query
    .select({ rows: sql`count(*)`.mapWith(Number) })
    .from(sql`organization_members m JOIN users u ON u.id = m.organization_id`)
    .where(sql`u.username = ${name} AND m.role = 'owner'`);
  return row ?? { rows: -1 };
}
