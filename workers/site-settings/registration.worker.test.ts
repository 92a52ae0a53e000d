// Who may make an account is asked on every way to one, when it is begun and again when it is made.
import { env } from "cloudflare:test";
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { users } from "../../schema/tables/auth.ts";
import { randomBase62 } from "../../schema/token.ts";
import { signInByLink } from "../auth/service.ts";
import { ANONYMOUS } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import { parseEnv } from "../core/env.ts";
import { makeLink } from "../mail/links.ts";
import { holderOf } from "../sign-in/browser-services.ts";
import { issueChallenge } from "../sign-in/challenge-service.ts";
import { activate, register } from "../sign-in/register.ts";
import { createSigningKey } from "../sign-in/testing/signing-key.ts";
import { prepareWallet, registerByWallet, signInByWallet } from "../sign-in/wallet-service.ts";
import { createPerson, giveLink } from "../testing/fixtures.ts";
import { newAddress } from "../testing/mail.ts";
import { countHashes, PASSWORD } from "../testing/mail-account.ts";
import { withSettings } from "../testing/with-settings.ts";
import { mayRegister } from "./may-register.ts";
import { updateSettings } from "./store.ts";

const origin = { address: "", userAgent: "", requestId: "" };
const makeServices = (database: Database) => ({
  ...{ env: parseEnv(env), database, actor: ANONYMOUS, origin, derive: countHashes().derive },
  browserSecret: "the browser's",
});
const newName = () => `u${randomBase62(12)}`;

async function makeActivation(database: Database, username: string, address: string): Promise<string> {
  const payload = { username, passwordHash: "" };
  const made = await makeLink(database.query, "", { kind: "activate", userId: null, address, payload });
  return made.link.split("/").at(-1) ?? "";
}

async function makeTicket(database: Database): Promise<string> {
  const ticket = randomBase62(43);
  const holder = holderOf(makeServices(database), "sign-in");
  const { address } = createSigningKey();
  await issueChallenge(database.query, "wallet-register", ticket, holder, address.toLowerCase());
  return ticket;
}

async function signInByNewWallet(database: Database) {
  const [services, key] = [makeServices(database), createSigningKey()];
  const message = await prepareWallet(services, "sign-in", { address: key.address, chainId: 1 });
  if (message === undefined) throw new Error("no message");
  return signInByWallet(services, "sign-in", { message, signature: key.signMessage(message) });
}

const exists = async (database: Database, username: string): Promise<boolean> =>
  (await database.query.select().from(users).where(eq(users.username, username))).length > 0;

describe.each(["closed", "invited"] as const)("while registration is %s", (registration) => {
  it("nothing is mailed to who wants an account, and no password is hashed", () =>
    withSettings({ registration }, async (database) => {
      const { derive, asked } = countHashes();
      const wanted = { username: newName(), address: newAddress(), password: PASSWORD };
      const end = await register({ ...makeServices(database), derive }, wanted);
      expect(end).toMatchObject({ end: "closed", problem: expect.stringMatching(/account/) });
      expect(asked).toEqual([]);
    }));

  it("a link that was mailed before makes none, and is good again afterwards", () =>
    withSettings({ registration }, async (database) => {
      const [username, address] = [newName(), newAddress()];
      const secret = await makeActivation(database, username, address);
      const services = makeServices(database);
      expect((await activate(services, secret, username)).end).toBe("closed");
      expect(await exists(database, username)).toBe(false);
      await withOpen(database, async () => {
        expect((await activate(services, secret, username)).end).toBe("made");
      });
    }));

  it("a wallet that nobody has makes none, neither now nor with a ticket from before", () =>
    withSettings({ registration }, async (database) => {
      expect(await signInByNewWallet(database)).toMatchObject({ end: "refused" });
      const [ticket, username] = [await makeTicket(database), newName()];
      expect((await registerByWallet(makeServices(database), ticket, username)).end).toBe("closed");
      expect(await exists(database, username)).toBe(false);
      await withOpen(database, async () => {
        expect((await registerByWallet(makeServices(database), ticket, username)).end).toBe("in");
      });
    }));

  it("the one-time link of an admin works", () =>
    withSettings({ registration }, async (database) => {
      const secret = (await giveLink((await createPerson()).id)).split("/").at(-1) ?? "";
      expect(await signInByLink(database, ANONYMOUS, secret, origin)).toMatch(/^\w{43}$/);
    }));
});

it("an invitation lets in where one is needed, and not where registration is closed", async () => {
  await withSettings({ registration: "invited" }, async ({ query }) => {
    expect(await mayRegister(query, { invited: true, email: newAddress() })).toEqual({ may: true });
  });
  await withSettings({ registration: "closed" }, async ({ query }) => {
    expect(await mayRegister(query, { invited: true, email: newAddress() })).toMatchObject({ may: false });
  });
});

describe("where addresses of some domains register", () => {
  const settings = { registration: "open" as const, registrationDomains: ["example.com"] };

  it("others are told so beside the field, and theirs are mailed a link", () =>
    withSettings(settings, async (database) => {
      const wanted = { username: newName(), password: PASSWORD };
      const refused = await register(makeServices(database), { ...wanted, address: "ann@elsewhere.test" });
      expect(refused).toEqual({
        end: "wrong",
        errors: { address: expect.stringContaining("example.com") },
      });
      expect(await register(makeServices(database), { ...wanted, address: newAddress() })).toEqual({
        end: "mailed",
      });
    }));

  it("a link that was mailed elsewhere before makes no account, and a wallet makes none", () =>
    withSettings(settings, async (database) => {
      const username = newName();
      const secret = await makeActivation(database, username, "ann@elsewhere.test");
      expect((await activate(makeServices(database), secret, username)).end).toBe("closed");
      expect(await signInByNewWallet(database)).toMatchObject({ end: "refused" });
      expect((await registerByWallet(makeServices(database), await makeTicket(database), username)).end).toBe(
        "closed",
      );
      expect(await exists(database, username)).toBe(false);
    }));
});

/** Opens registration within the transaction of `withSettings`. */
async function withOpen(database: Database, work: () => Promise<void>): Promise<void> {
  await updateSettings(database.query, [{ name: "registration", value: "open" }]);
  await work();
}
